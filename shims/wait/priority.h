/* The priority of a run. One of low priority leaves tokens to all others that wait, and some of those that are free (turn.h). */
#ifndef PRIORITY_H
#define PRIORITY_H

#include <stdbool.h>

struct pool;

struct priority {
	bool is_low;
	unsigned reserve; /* so many tokens it leaves free, but never all of the pool */
	long tokens;      /* how many a make's own pool has; -1: not known */
};

/* Whether the run may take a token by its reserve. If so no other run of low priority may, until reserve_end(). */
bool reserve_begin(struct pool *pool, const void *run, const struct priority *priority);

void reserve_end(struct pool *pool, const void *run);

#endif
