/* Runs a tool as a child, in slots that are taken for it and given back. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>

#include "acquire/acquire.h"
#include "child/child.h"
#include "wait/job.h"

struct findings;
struct jobserver;
struct pool;
struct run;

/* What is held. Not to be copied: it points into itself. */
struct hold {
	const struct run *run;
	struct pool *pool;
	struct job job;      /* whose slot it takes */
	bool is_callers;     /* its caller took that slot */
	const char *journal; /* its path; NULL: none */
	void (*ended)(const struct jobserver *jobserver); /* called once the tool has ended, and nothing is held; NULL: nothing is */
	struct meanwhile meanwhile;
	struct acquire_for of;
	struct acquire acquire;
	struct inherited inherited;
};

/* Fills all but acquire, which is to be acquired, and blocks signals (child_prepare). */
void hold_begin(struct hold *hold, struct findings *findings);

/* After that: runs the tool, gives its slots back, and ends as the tool did. Returns if the tool is to take our place: it has passed its
 * gates before, as the tool that has become us; the jobserver can't be read; or no child can be started. That was told. */
void hold_tool(struct hold *hold);

/* Runs the tool in the slot that all share from which the pool is hidden, and ends as it did. False if that slot is not had soon, true if
 * no child can be started, which was told. */
bool hold_hidden(const struct run *run, const char *why);

#endif
