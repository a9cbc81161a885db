/* Takes what one run needs: passes its gates, takes a slot in its turn, sees to what is owed for it, gathers further slots. It goes by
 * steps that never block, so that one process can take slots for many runs at once; a launcher is the case of one. */
#ifndef ACQUIRE_H
#define ACQUIRE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "acquire/gather.h"
#include "acquire/owed.h"
#include "ledger/record.h"
#include "rules/gate.h"
#include "wait/job.h"
#include "wait/slot.h"
#include "wait/turn.h"
#include "wait/waiting.h"
#include "proc/subject.h"

struct policy;
struct pool;
struct self;

/* Of what a slot is for. What this leads to must stay. */
struct acquire_for {
	struct pool *pool;
	const struct subject *subject;
	const struct self *self;     /* by which a payer is started */
	const char *tool;
	const struct job *job;
	const struct policy *policy; /* NULL: there are no rules */
	struct gathering *gathering; /* room for further slots; NULL: there is none */
	double patience;             /* seconds until a deadlock ends in an overdraft, 0: never */
};

struct acquire {
	struct acquire_for of;
	struct record record;
	struct job job;          /* whose slot it is in the end */
	struct slot slot;
	enum admission admission;
	enum gathered gathered;
	unsigned wanted;         /* slots */
	int gate;                /* the last one that was closed */
	uint64_t gated_ns;       /* waited at gates, */
	uint64_t waited_ns;      /* and in all */

	enum acquire_stage { AT_GATES, BEFORE_TURN, IN_TURN, AT_PAYER, AT_GATHERING, ACQUIRED } stage;
	uint64_t began_ns;
	struct gate gates;
	struct turn turn;
	struct owed owed;
};

/* Begins, and claims the run's record. Not to be copied or moved from here on. */
void acquire_begin(struct acquire *acquire, const struct acquire_for *of);

/* One step. True once it is over: admission is PASSED, and the run has nothing to wait for; or slot is what it has. False if it waits. timed_out: what
 * it waited for last did not come until its time. */
bool acquire_step(struct acquire *acquire, bool timed_out, struct waiting *waiting);

/* Steps until it is over; signals of mask (NULL: as they are) act while it waits, and never once it has a token. */
void acquire_wait(struct acquire *acquire, const sigset_t *mask);

/* How many slots it has. */
unsigned acquire_slots(const struct acquire *acquire);

/* Gives all of them back, as the tool has ended. The record's lock and an implicit slot's go with this process, or by acquire_end(). */
void acquire_give_back(struct acquire *acquire);

/* Gives up what it waits for, and all that is left of it, in a process that lives on: after acquire_give_back(), or at any stage before. */
void acquire_end(struct acquire *acquire);

#endif
