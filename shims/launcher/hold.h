/* Runs a tool as a child, in slots that are taken for it and given back. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>

struct job;
struct pool;
struct run;
struct subject;

/* What is held. */
struct hold {
	const struct run *run;
	struct pool *pool;
	const struct subject *subject; /* this process */
	const struct job *job;         /* whose slot it takes */
	bool is_callers;               /* its caller took that slot */
	double patience;               /* seconds */
	const char *journal;           /* its path; NULL: none */
};

/* Waits for the slots, runs the tool, gives them back, and ends as the tool did. Returns only if the run needs none, or the jobserver
 * can't be read: *why then says so, NULL: it has passed its gates before, as the tool that has become us. */
void hold_tool(const struct hold *hold, const char **why);

/* Runs the tool in the slot that all share from which the pool is hidden, and ends as it did. Returns if that slot is not had soon. */
void hold_hidden(const struct run *run, const char *why);

#endif
