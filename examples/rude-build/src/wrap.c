#include "wordmill.h"

void wrap(struct buffer *out, struct slice text, size_t width)
{
	size_t column = 0;
	for (size_t at = 0; at < text.length;) {
		size_t end = at;
		struct slice word;
		while (end < text.length && !ascii_space(text.at[end]))
			end++;
		word = slice_part(text, at, end - at);
		at = end + 1;
		if (!word.length)
			continue;
		if (column && column + 1 + utf8_points(word) > width) {
			buffer_byte(out, '\n');
			column = 0;
		} else if (column) {
			buffer_byte(out, ' ');
			column++;
		}
		buffer_add(out, word);
		column += utf8_points(word);
	}
	if (column)
		buffer_byte(out, '\n');
}
