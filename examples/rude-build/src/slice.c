#include "wordmill.h"
#include <string.h>

struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

struct slice slice_part(struct slice whole, size_t from, size_t length)
{
	if (from > whole.length)
		from = whole.length;
	if (length > whole.length - from)
		length = whole.length - from;
	return (struct slice){whole.at + from, length};
}

int slice_compare(struct slice a, struct slice b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;
	int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
	return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length && slice_compare(a, b) == 0;
}

struct slice slice_trim(struct slice s)
{
	while (s.length && ascii_space(s.at[0]))
		s.at++, s.length--;
	while (s.length && ascii_space(s.at[s.length - 1]))
		s.length--;
	return s;
}
