/* Slots that nobody has paid for: a client that no other client started, and that did not come through an adapter, believes that it owns a
 * slot. The first run below it notices, and has the slot paid for. */
#ifndef OWED_H
#define OWED_H

#include <stdbool.h>

#include "wait/job.h"

struct locks;
struct pool;
struct self;
struct subject;

struct owed {
	struct pool *pool;
	const void *run;
	const struct subject *subject;
	bool is_served;        /* a server has made the pool, not the client itself */
	struct process client; /* the client that nobody has paid for */
	struct job callers;    /* its own job */
	int told;              /* readable once a payer that was started has the slot; -1: there is no payer */
};

enum owed_outcome {
	OWED_NOTHING,
	OWED_WAITS, /* until told polls readable: then owed_end() */
	OWED_PAYS,  /* the run pays itself: *job is the client's own job by now, of which it takes a slot, too */
};

/* Checks, for a run that has its job's own slot, before it starts. */
enum owed_outcome owed_begin(struct owed *owed, struct pool *pool, const void *run, const struct subject *subject,
                             const struct self *self, struct job *job);

/* Whether there is something to be seen to, for a run that has its job's own slot: then owed_begin() does. Nothing is taken or started. */
bool owed_is_unpaid(struct pool *pool, const void *run, const struct subject *subject, const struct job *job);

/* Whether the payer has the slot, or has ended. */
bool owed_is_told(const struct owed *owed);

/* Call it once the payer has the slot, or has ended. OWED_NOTHING or OWED_PAYS. */
enum owed_outcome owed_end(struct owed *owed, struct job *job);

/* Takes the lock by which others know that the run pays for client; it goes with this process. False if another process has it. */
bool owed_lock(struct locks *locks, const void *run, const struct process *client);

#endif
