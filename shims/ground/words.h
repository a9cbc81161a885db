/* Lists of words, as the contract has them in one text: each ends with a NUL, the list with one more. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <string.h>

#define WORDS_EACH(word, list) for (const char *word = (list); *word != '\0'; word += strlen(word) + 1)

bool words_have(const char *list, const char *word);

#endif
