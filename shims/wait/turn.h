/* A run's turn: it waits for a token or its job's implicit slot, whichever is free first; in order of arrival, but builds and jobs have
 * tokens by turns (rota.h). One of low priority leaves tokens to all others, until it has waited for most of a minute. */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/keeper.h"
#include "wait/queue.h"
#include "wait/rota.h"
#include "wait/slot.h"

struct job;
struct priority;
struct subject;
struct waiting;

struct turn {
	struct pool *pool;
	const void *run;
	struct record *record;
	const struct subject *subject;
	const struct job *job;
	struct slot slot; /* that it got */
	struct keeper keeper;
	struct queue queue;
	struct rota rota;
	bool queues;
	const struct priority *low; /* NULL: its priority is normal, or counts as that by now */
	bool is_out_of_patience;    /* while its priority was low */
	int end;        /* polls readable as the watched holder of the implicit slot ends */
	int free_looks; /* steps in a row at which that slot was free, and the first waiter did not take it */
	uint64_t free_ns; /* for a run that goes on: since when it found it so; 0: it did not */
};

/* Begins to wait now. patience: seconds until a deadlock ends in an overdraft, 0: never. All that it is given must stay valid. */
void turn_begin(struct turn *turn, struct pool *pool, struct record *record, const struct subject *subject, const struct job *job,
                double patience);

/* It is of that priority. To be called before the first step. */
void turn_has_priority(struct turn *turn, const struct priority *priority);

/* Takes a slot that is free at once, if nobody waits; of a run of normal priority. True if it has one, or can get none; false if it would wait. */
bool turn_at_once(struct turn *turn);

/* One step, which never blocks. True once it has a slot, or can get none: its place in the queue is to be left then, by turn_end(). False if
 * it waits. timed_out: the last wait timed out. */
bool turn_step(struct turn *turn, bool timed_out, struct waiting *waiting);

/* For a run that has a token, and wants its job's implicit slot as well: it keeps its place in the queue, or joins that. True if nobody waits
 * who came earlier, or takes it: then that slot, once free, is this run's. */
bool turn_goes_on(struct turn *turn);

/* Leaves the queue, if it is in it, and closes its descriptors. */
void turn_end(struct turn *turn);

#endif
