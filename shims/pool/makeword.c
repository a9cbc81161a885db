#include "pool/makeword.h"

bool make_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the reference to a variable ends whose dollar stands before open; NULL if it is no reference. make refuses one that is not closed:
 * here it goes to the end of the text. */
static const char *reference_end(const char *open)
{
	const char opening = *open, closing = opening == '(' ? ')' : '}';
	size_t depth = 0;

	if (opening != '(' && opening != '{')
		return NULL;
	for (; *open != '\0'; open++) {
		if (*open == opening)
			depth++;
		else if (*open == closing && --depth == 0)
			return open + 1;
	}
	return open;
}

const char *make_next_char(const char *text, char *c)
{
	const char *at = text[0] == '\\' && text[1] != '\0' ? text + 1 : text, *end;

	*c = *at;
	if (*at != '$')
		return at + 1;
	if (at[1] == '$')
		return at + 2;
	end = reference_end(at + 1);
	return end != NULL ? end : at + 1;
}

const char *make_word_end(const char *word)
{
	char c;

	while (*word != '\0' && *word != ' ' && *word != '\t')
		word = make_next_char(word, &c);
	return word;
}

bool make_all_digits(const char *word, const char *end)
{
	char c = '0';

	while (word < end && make_is_digit(c))
		word = make_next_char(word, &c);
	return make_is_digit(c);
}

bool make_word_begins_number(const char *word)
{
	char c;

	make_next_char(word, &c);
	return make_is_digit(c) || c == '.';
}

size_t make_unescape(const char *text, size_t length, char *said)
{
	char *to = said;

	for (size_t at = 0; at < length; at++) {
		if (text[at] == '\\' && at + 1 < length)
			at++;
		*to++ = text[at];
	}
	*to = '\0';
	return (size_t)(to - said);
}
