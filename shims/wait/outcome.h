/* The result of a census, while it is taken. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdbool.h>

struct process;

struct census {
	bool blind;     /* a process may hold any number of tokens */
	char why[160];  /* blind: which process, for people */
	long held;      /* living processes hold at most so many tokens */
	int free;       /* tokens in the pool; -1: not the same number before and after the count */
};

/* Notes that the tokens can't be counted, and why, for people. Returns false. */
bool outcome_blind(struct census *census, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds tokens that a process may hold. */
void outcome_held(struct census *census, const struct process *process, long tokens);

#endif
