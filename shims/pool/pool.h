/* A pool that this process uses: its jobserver, its ledger, and the locks that runs of this process have on it. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/locks.h"

struct jobserver;
struct ledger;

/* A turn at a token that a run of this process has left to another one that waits (wait/rota.h). */
struct passed {
	bool is_on;
	enum { PASSED_TO_BUILD, PASSED_TO_JOB, PASSED_TO_NORMAL } kind; /* another build; another job of the run's build; any of normal priority */
	unsigned build, job; /* of the run */
	unsigned served;     /* what tells whether the turn was used: the build, or job, that had it before, or when any run did */
	unsigned to;
	unsigned looks;      /* whether it was used; so many so far */
	uint64_t due_ns;     /* the next one, CLOCK_MONOTONIC */
};

/* A token that lies free while clients have others: one of them may be about to take it (wait/priority.h). */
struct untaken {
	unsigned looks;  /* at which one was free, in a row */
	uint64_t due_ns; /* the next one, CLOCK_MONOTONIC */
};

struct pool {
	const struct jobserver *jobserver;
	struct ledger *ledger;
	struct locks locks;
	struct passed passed;
	struct untaken untaken;
};

#endif
