#include "wordmill.h"

/* Spreads the missing columns over the gaps, the left ones first. A single word stays as it is. */
void justify(struct buffer *out, struct slice line, size_t width)
{
	size_t gaps = 0, missing, seen = 0;
	line = slice_trim(line);
	for (size_t i = 0; i < line.length; i++)
		gaps += line.at[i] == ' ';
	missing = utf8_points(line) < width ? width - utf8_points(line) : 0;
	for (size_t i = 0; i < line.length; i++) {
		buffer_byte(out, line.at[i]);
		if (line.at[i] == ' ') {
			buffer_repeat(out, ' ', missing / gaps + (seen < missing % gaps));
			seen++;
		}
	}
}
