/* How many of the machine's tokens the pool of a `jobshim run` has at a moment. Who reads its FIFO can't be asked whether it waits there: so
 * one token that nobody has taken is offered, as long as the machine has one to spare; if it has none, for moments, ever more rarely. This
 * only decides (feeder.c does it). */
#ifndef OFFER_H
#define OFFER_H

#include <stdbool.h>
#include <stdint.h>

struct offer_facts {
	uint64_t now; /* CLOCK_MONOTONIC */
	long most;    /* tokens that the run's pool may have, */
	long fed;     /* that it has, */
	long free;    /* and of these those that nobody has taken */
	long others;  /* free ones in the machine's pool */
	bool taken;   /* one was taken from the run's pool since the last time */
	bool waits;   /* we wait for one of the machine's */
};

/* What is remembered of earlier offers; all 0 at first. */
struct offer {
	uint64_t free_since, extra_since; /* one token is free, or several are; 0: not now */
	uint64_t not_before;              /* the next offer */
	uint64_t pause;                   /* after the next one that nobody takes */
};

struct offer_plan {
	bool waits;      /* for one more of the machine's */
	long give_back;  /* to the machine: so many that are free */
	uint64_t due_ns; /* when to decide again at the latest; UINT64_MAX: not before something happens */
};

struct offer_plan offer_decide(struct offer *offer, const struct offer_facts *facts);

#endif
