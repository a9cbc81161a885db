#include "wordmill.h"
#include <string.h>

bool next_line(struct slice *rest, struct slice *line)
{
	const char *end;
	if (!rest->length)
		return false;
	end = memchr(rest->at, '\n', rest->length);
	line->at = rest->at;
	line->length = end ? (size_t)(end - rest->at) : rest->length;
	*rest = slice_part(*rest, line->length + 1, rest->length);
	if (line->length && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

size_t count_lines(struct slice text)
{
	struct slice line;
	size_t count = 0;
	while (next_line(&text, &line))
		count++;
	return count;
}
