/* The words of a command line, for the argv of what is asked. */
#ifndef WORDS_H
#define WORDS_H

#include <assert.h>
#include <string.h>

enum { WORDS_MAX = 32, LINE_MAX_BYTES = 512 };

struct words {
	char text[LINE_MAX_BYTES];
	char *argv[WORDS_MAX + 1];
};

/* Returns the words of a line, which are apart by a blank each; an empty line has none. */
static inline char **words_of(struct words *words, const char *line)
{
	char *at = words->text;
	size_t count = 0;

	assert(strlen(line) < sizeof words->text);
	strcpy(words->text, line);
	for (char *word; *line != '\0' && (word = strsep(&at, " ")) != NULL;) {
		assert(count < WORDS_MAX);
		words->argv[count++] = word;
	}
	words->argv[count] = NULL;
	return words->argv;
}

/* Writes the words as one line into room for `size` bytes. */
static inline const char *line_of(char *const argv[], char *line, size_t size)
{
	size_t length = 0;

	line[0] = '\0';
	for (size_t i = 0; argv[i] != NULL; i++) {
		assert(length + strlen(argv[i]) + 2 <= size);
		length = (size_t)(stpcpy(stpcpy(line + length, i == 0 ? "" : " "), argv[i]) - line);
	}
	return line;
}

#endif
