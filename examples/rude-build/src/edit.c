#include "wordmill.h"

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;
	return smaller < c ? smaller : c;
}

size_t edit_distance(struct slice a, struct slice b)
{
	struct arena arena = {0};
	size_t *row = arena_take(&arena, (b.length + 1) * sizeof *row), result;
	for (size_t j = 0; j <= b.length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.length; j++) {
			size_t above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a.at[i - 1] != b.at[j - 1]));
			diagonal = above;
		}
	}
	result = row[b.length];
	arena_free(&arena);
	return result;
}
