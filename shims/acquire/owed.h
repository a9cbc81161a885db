/* Slots that nobody has paid for: a client that no client started, and that came past its adapter, or has none, believes that it owns
 * one. The first run below it finds that out, and sees to it that it is paid for. */
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
	struct process client; /* that nobody has paid for */
	struct job callers;    /* its own job */
	int told;              /* by which a payer that was started tells that it has the slot; -1: there is none */
};

enum owed_outcome {
	OWED_NOTHING,
	OWED_WAITS, /* until told polls readable: then owed_end() */
	OWED_PAYS,  /* the run pays itself: *job is the client's own job by now, of which it takes a slot, too */
};

/* Looks, for a run that has its job's own slot, before it starts. */
enum owed_outcome owed_begin(struct owed *owed, struct pool *pool, const void *run, const struct subject *subject,
                             const struct self *self, struct job *job);

/* Once the payer has told, or ended. OWED_NOTHING or OWED_PAYS. */
enum owed_outcome owed_end(struct owed *owed, struct job *job);

/* Takes the lock that tells others that the run pays for client; it goes with this process. False if somebody else has it. */
bool owed_lock(struct locks *locks, const void *run, const struct process *client);

#endif
