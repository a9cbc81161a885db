/* The places of those that wait for tokens: a ring of builds, in each a ring of jobs, in each the runs as they came. Those of low priority have
 * a ring of their own. A place is a lock on the jobserver's inode, which others see, and which goes with its process. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pool;
struct queue;

/* Builds and jobs have short names: two that have the same share their turns. */
enum { BUILD_BITS = 11, BUILDS = 1 << BUILD_BITS, JOB_BITS = 7, JOBS = 1 << JOB_BITS };

/* So many builds, or jobs, lie behind each other from a place on. */
struct ring {
	uint64_t base;
	unsigned shift, count;
};

/* Who waits at a place. */
struct waiter {
	uint64_t place;
	pid_t pid; /* below 1: it can't be told */
};

extern const struct ring ring_of_builds, ring_of_low_builds;
struct ring ring_of_jobs(bool is_low, unsigned build);

/* The place of a run in its build's ring of jobs, by its ticket in its job's queue and its record in the ledger; and the lock there. */
uint64_t ring_place(const struct ring *jobs, unsigned job, int ticket, unsigned record);
off_t ring_lock(uint64_t place);

/* Which build, or job, of the ring waits there. */
unsigned ring_number(const struct ring *ring, const struct waiter *waiter);

unsigned waiter_record(const struct waiter *waiter);
int waiter_ticket(const struct waiter *waiter);

/* Any waiter but the run. */
bool ring_find_any(const struct pool *pool, const void *run, const struct ring *ring, struct waiter *any);

/* The first waiter of the next build, or job, behind number `last`, all around; but: is left out, count leaves out none. */
bool ring_find_next(const struct queue *queue, const struct ring *ring, unsigned last, unsigned but, struct waiter *next);

/* The next one of that waiter's job, which came later. */
bool ring_find_behind(const struct queue *queue, struct waiter *waiter);

#endif
