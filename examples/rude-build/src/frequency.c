#include "wordmill.h"

void count_frequencies(struct table *t, struct slice text)
{
	struct slice word;
	while (next_word(&text, &word))
		++*table_at(t, word);
}
