/* Takes what one run needs: it passes its gates, takes a slot in its turn, pays for a client that nobody paid for, gathers further slots.
 * Steps never block, so that one process can take slots for many runs at once; a launcher takes them for one. */
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
#include "wait/priority.h"
#include "wait/slot.h"
#include "wait/turn.h"
#include "wait/waiting.h"
#include "proc/subject.h"

struct policy;
struct pool;
struct self;

/* What a slot is for. All pointers must stay valid. */
struct acquire_for {
	struct pool *pool;
	const struct subject *subject;
	const struct self *self;     /* by which a payer is started */
	const char *tool;
	const struct job *job;
	const struct policy *policy; /* NULL: there are no rules */
	struct priority priority;
	struct gathering *gathering; /* room for further slots; NULL: there is none */
	double patience;             /* seconds until a deadlock ends in an overdraft, 0: never */
};

struct acquire {
	struct acquire_for of;
	struct record record;
	struct job job;          /* the job whose slot it is in the end */
	struct slot slot;
	enum admission admission;
	enum gathered gathered;
	unsigned wanted;         /* slots */
	int gate;                /* the last one that was closed */
	uint64_t gated_ns;       /* waited at gates, */
	uint64_t waited_ns;      /* and in all */

	enum acquire_stage { AT_CLIENT, AT_GATES, BEFORE_TURN, IN_TURN, AT_PAYER, AT_GATHERING, ACQUIRED } stage;
	uint64_t began_ns;
	struct gate gates;
	struct turn turn;
	struct owed owed;
};

/* Begins, and claims the run's record. For a job that is `ours` it sees to what is owed for the client's slot: it has SLOT_NONE in the end if
 * that is nothing. Not to be copied or moved from here on. */
void acquire_begin(struct acquire *acquire, const struct acquire_for *of);

/* The same for a run of normal priority that takes one slot, of a job that is not `ours` and has no claim. True if all it needs was there at once: then it is
 * over, as acquire_step() has it. False if it would wait, or has something to pay for: then nothing is taken, and its record is free. */
bool acquire_at_once(struct acquire *acquire, const struct acquire_for *of);

/* One step. True once it is over: admission is PASSED, and the run needs nothing; or slot is what it has. False if it waits; a run of several
 * slots does so at BEFORE_TURN, for nothing. timed_out: the last wait timed out. */
bool acquire_step(struct acquire *acquire, bool timed_out, struct waiting *waiting);

/* Steps until it is over. Signals of mask (NULL: the current one) act while it waits, and never once it has a token. */
void acquire_wait(struct acquire *acquire, const sigset_t *mask);

/* How many slots it has. */
unsigned acquire_slots(const struct acquire *acquire);

/* Gives all of them back after the tool has ended. The locks of the record and of an implicit slot go with this process, or by
 * acquire_end(). */
void acquire_give_back(struct acquire *acquire);

/* Stops waiting, and frees all that is left, in a process that lives on: after acquire_give_back(), or at any stage before. */
void acquire_end(struct acquire *acquire);

#endif
