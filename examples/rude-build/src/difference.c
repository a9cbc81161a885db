#include "wordmill.h"

static size_t split(struct arena *arena, struct slice text, struct slice **lines)
{
	size_t count = 0;
	struct slice line;
	*lines = arena_take(arena, (count_lines(text) + 1) * sizeof **lines);
	while (next_line(&text, &line))
		(*lines)[count++] = line;
	return count;
}

static void print_line(struct buffer *out, char sign, struct slice line)
{
	buffer_byte(out, sign);
	buffer_add(out, line);
	buffer_byte(out, '\n');
}

/* By the longest common subsequence: common[i][j] lines are common to the rests behind i and j. */
void line_difference(struct buffer *out, struct slice before, struct slice after)
{
	struct arena arena = {0};
	struct slice *a, *b;
	size_t m = split(&arena, before, &a), n = split(&arena, after, &b), i = 0, j = 0, width = n + 1;
	size_t *common = arena_take(&arena, (m + 1) * width * sizeof *common);
	for (size_t x = m + 1; x-- > 0;)
		for (size_t y = n + 1; y-- > 0;) {
			size_t *here = &common[x * width + y];
			if (x == m || y == n)
				*here = 0;
			else if (slice_equal(a[x], b[y]))
				*here = here[width + 1] + 1;
			else
				*here = here[width] > here[1] ? here[width] : here[1];
		}
	while (i < m || j < n) {
		if (i < m && j < n && slice_equal(a[i], b[j])) {
			print_line(out, ' ', a[i++]);
			j++;
		} else if (j == n || (i < m && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
			print_line(out, '-', a[i++]);
		} else {
			print_line(out, '+', b[j++]);
		}
	}
	arena_free(&arena);
}
