/* A pool that this process uses: its jobserver, its ledger, and the locks that runs of this process have on it. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/locks.h"

struct jobserver;
struct ledger;

/* A turn at a token that a run of this process has left to another build, or to another job of its build (wait/rota.h). */
struct passed {
	bool is_on;
	bool is_of_jobs;
	unsigned build, job; /* of the run */
	unsigned served;     /* the build, or job, that had the turn before */
	unsigned to;
	unsigned looks;      /* whether it was used; so many so far */
	uint64_t due_ns;     /* the next one, CLOCK_MONOTONIC */
};

struct pool {
	const struct jobserver *jobserver;
	struct ledger *ledger;
	struct locks locks;
	struct passed passed;
};

#endif
