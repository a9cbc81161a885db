/* The answer of a command: words on stdout, each ended by a NUL. src/contract/look-commands.ts says which. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>

#include "contract.h"

struct answer {
	const char *texts[ANSWER_WORDS_MAX]; /* NULL: numbers has it */
	long numbers[ANSWER_WORDS_MAX];
};

/* Prints the words of the answer. False on error. */
bool answer_print(enum look_command command, const struct answer *answer);

/* Prints an error of the contract, and its word. Returns false, which callers return on error. */
bool refuse(const char *error, const char *why);
bool refuse_by_system(int error);

#endif
