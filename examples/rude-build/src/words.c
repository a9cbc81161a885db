#include "wordmill.h"

static bool in_word(char c)
{
	return ascii_letter(c) || ascii_digit(c) || c == '\'' || (unsigned char)c >= 0x80;
}

bool next_word(struct slice *rest, struct slice *word)
{
	size_t length = 0;
	while (rest->length && !in_word(rest->at[0]))
		rest->at++, rest->length--;
	while (length < rest->length && in_word(rest->at[length]))
		length++;
	*word = slice_part(*rest, 0, length);
	*rest = slice_part(*rest, length, rest->length);
	return length > 0;
}

size_t count_words(struct slice text)
{
	struct slice word;
	size_t count = 0;
	while (next_word(&text, &word))
		count++;
	return count;
}
