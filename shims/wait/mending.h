/* Lost tokens of the machine's pool. It has no caretaker: so those that wait in it take the census, one of them at a time. */
#ifndef MENDING_H
#define MENDING_H

#include <stdint.h>
#include <time.h>

struct pool;

/* A step, if one is due: takes back what dead launchers had, and takes the census if tokens are missing. Returns when the next one is due,
 * CLOCK_MONOTONIC; UINT64_MAX: never, for any other pool. */
uint64_t mending_step(struct pool *pool);

/* The same of a struct pool; returns how long until the next one. NULL: never. */
const struct timespec *mending_pause(void *pool);

#endif
