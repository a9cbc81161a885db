/* A run's turn: it waits, in order of arrival, for a token or its job's implicit slot, whichever is free first. */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>

#include "wait/keeper.h"
#include "wait/queue.h"
#include "wait/slot.h"

struct job;
struct waiting;

struct turn {
	struct pool *pool;
	const void *run;
	struct record *record;
	const struct job *job;
	struct slot slot; /* that it got */
	struct keeper keeper;
	struct queue queue;
	bool queues;
	int end;        /* of the holder of the implicit slot that it watches */
	int free_looks; /* one after the other at which that slot was free, and the first one did not come for it */
};

/* Begins to wait now. patience: seconds until a deadlock ends in an overdraft, 0: never. What pool, record and job lead to must stay. */
void turn_begin(struct turn *turn, struct pool *pool, struct record *record, const struct job *job, double patience);

/* One step, which never blocks. True once it has a slot, or found that there can be none; false if it waits. timed_out: what it waited
 * for last did not come until its time. */
bool turn_step(struct turn *turn, bool timed_out, struct waiting *waiting);

/* Gives up its place, if it still waits, and closes what it has opened. */
void turn_end(struct turn *turn);

#endif
