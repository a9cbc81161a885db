#include "wordmill.h"
#include <string.h>

enum { MOST = 16 };

static bool next_cell(struct slice *line, struct slice *cell)
{
	const char *tab;
	if (!line->at)
		return false;
	tab = memchr(line->at, '\t', line->length);
	*cell = slice_part(*line, 0, tab ? (size_t)(tab - line->at) : line->length);
	*line = tab ? slice_part(*line, cell->length + 1, line->length) : (struct slice){0};
	return true;
}

void columns(struct buffer *out, struct slice text)
{
	size_t widths[MOST] = {0};
	struct slice rest = text, line, cell;
	while (next_line(&rest, &line))
		for (size_t i = 0; next_cell(&line, &cell) && i < MOST; i++)
			if (utf8_points(cell) > widths[i])
				widths[i] = utf8_points(cell);
	for (rest = text; next_line(&rest, &line); buffer_byte(out, '\n'))
		for (size_t i = 0; next_cell(&line, &cell); i++) {
			buffer_add(out, cell);
			if (line.at && i < MOST)
				buffer_repeat(out, ' ', widths[i] - utf8_points(cell) + 2);
		}
}
