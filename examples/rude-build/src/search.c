#include "wordmill.h"
#include <string.h>

/* Horspool: compare from the end, skip by what the last byte allows. */
size_t find(struct slice text, struct slice needle)
{
	size_t skip[256];
	if (needle.length == 0)
		return 0;
	for (size_t i = 0; i < 256; i++)
		skip[i] = needle.length;
	for (size_t i = 0; i + 1 < needle.length; i++)
		skip[(unsigned char)needle.at[i]] = needle.length - 1 - i;
	for (size_t at = 0; at + needle.length <= text.length;) {
		if (memcmp(text.at + at, needle.at, needle.length) == 0)
			return at;
		at += skip[(unsigned char)text.at[at + needle.length - 1]];
	}
	return SIZE_MAX;
}

void replace_all(struct buffer *out, struct slice text, struct slice old, struct slice new)
{
	size_t at;
	while (old.length && (at = find(text, old)) != SIZE_MAX) {
		buffer_add(out, slice_part(text, 0, at));
		buffer_add(out, new);
		text = slice_part(text, at + old.length, text.length);
	}
	buffer_add(out, text);
}
