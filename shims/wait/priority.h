/* The priority of a run. One of low priority leaves tokens to all others that wait, and some of those that are free (turn.h). */
#ifndef PRIORITY_H
#define PRIORITY_H

#include <stdbool.h>
#include <stdint.h>

struct pool;

struct priority {
	bool is_low;
	unsigned reserve; /* so many tokens it leaves free, but never all of the pool */
	long tokens;      /* how many a make's own pool has; -1: not known */
};

/* Whether the run may take the token that is free, and that no other run waits for. If so no other run of low priority with a reserve may,
 * until priority_end(). Else *due_ns is when to ask again; `keeps`: of a queue's keeper, for which that is sooner. */
bool priority_begin(struct pool *pool, const void *run, const struct priority *priority, bool keeps, uint64_t *due_ns);

void priority_end(struct pool *pool, const void *run);

/* No token was free, or it was another run's. */
void priority_none(struct pool *pool);

#endif
