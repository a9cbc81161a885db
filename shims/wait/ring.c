#include "wait/ring.h"

#include <fcntl.h>

#include "contract.h"
#include "pool/locks.h"
#include "pool/pool.h"
#include "wait/queue.h"

/* Behind the queues (queue.c), up to the last byte that a file can have. A place is a priority, a build, a job, a ticket and a
 * record. */
static const off_t RING_BASE = ((off_t)1 << 62) + ((off_t)1 << 61) + ((off_t)1 << 60);

enum {
	RECORD_BITS = 12,
	TICKET_BITS = 28, /* as many as a queue's */
	JOB_SHIFT = RECORD_BITS + TICKET_BITS,
	BUILD_SHIFT = JOB_SHIFT + JOB_BITS,
	LOW_SHIFT = BUILD_SHIFT + BUILD_BITS,
	PLACE_BYTES = 2, /* the kernel would merge two locks that touch */
	FINDS_MAX = 64,  /* who comes first among that many is first enough */
};

_Static_assert(LEDGER_RECORD_COUNT == 1 << RECORD_BITS, "a place has room for each record");

const struct ring ring_of_builds = { 0, BUILD_SHIFT, BUILDS };
const struct ring ring_of_low_builds = { (uint64_t)1 << LOW_SHIFT, BUILD_SHIFT, BUILDS };

struct ring ring_of_jobs(bool is_low, unsigned build)
{
	return (struct ring){ (uint64_t)is_low << LOW_SHIFT | (uint64_t)build << BUILD_SHIFT, JOB_SHIFT, JOBS };
}

uint64_t ring_place(const struct ring *jobs, unsigned job, int ticket, unsigned record)
{
	return jobs->base | (uint64_t)job << JOB_SHIFT | (uint64_t)ticket << RECORD_BITS | record;
}

off_t ring_lock(uint64_t place)
{
	return RING_BASE + (off_t)place * PLACE_BYTES;
}

unsigned ring_number(const struct ring *ring, const struct waiter *waiter)
{
	return (unsigned)((waiter->place - ring->base) >> ring->shift);
}

unsigned waiter_record(const struct waiter *waiter)
{
	return (unsigned)(waiter->place & ((1u << RECORD_BITS) - 1));
}

int waiter_ticket(const struct waiter *waiter)
{
	return (int)(waiter->place >> RECORD_BITS & ((1u << TICKET_BITS) - 1));
}

/* One that waits at a place from low on, before high. A lock of another size is a stranger's. */
static bool find(const struct pool *pool, const void *run, uint64_t low, uint64_t high, struct waiter *waiter)
{
	struct flock found;
	off_t at;

	if (low >= high || !locks_find(&pool->locks, run, ring_lock(low), (off_t)(high - low) * PLACE_BYTES - 1, &found))
		return false;
	at = found.l_start - RING_BASE;
	*waiter = (struct waiter){ .place = (uint64_t)at / PLACE_BYTES, .pid = found.l_pid };
	return found.l_len == 1 && at >= 0 && at % PLACE_BYTES == 0 && waiter->place >= low && waiter->place < high;
}

static bool find_first(const struct queue *queue, uint64_t low, uint64_t high, struct waiter *first)
{
	struct waiter earlier;

	if (!find(queue->pool, queue->run, low, high, first))
		return false;
	for (int i = 0; i < FINDS_MAX && find(queue->pool, queue->run, low, first->place, &earlier); i++)
		*first = earlier;
	return true;
}

static uint64_t place_in(const struct ring *ring, unsigned number)
{
	return ring->base + ((uint64_t)number << ring->shift);
}

/* The first one of these numbers, without number `but`. */
static bool find_but(const struct queue *queue, const struct ring *ring, unsigned but, unsigned begin, unsigned end, struct waiter *first)
{
	const unsigned before = but < end ? but : end, behind = but + 1 > begin ? but + 1 : begin;

	return find_first(queue, place_in(ring, begin), place_in(ring, before), first) ||
	       find_first(queue, place_in(ring, behind), place_in(ring, end), first);
}

bool ring_find_any(const struct pool *pool, const void *run, const struct ring *ring, struct waiter *any)
{
	return find(pool, run, place_in(ring, 0), place_in(ring, ring->count), any);
}

bool ring_find_next(const struct queue *queue, const struct ring *ring, unsigned last, unsigned but, struct waiter *next)
{
	const unsigned begin = (last + 1) % ring->count;

	return find_but(queue, ring, but, begin, ring->count, next) || find_but(queue, ring, but, 0, begin, next);
}

bool ring_find_behind(const struct queue *queue, struct waiter *waiter)
{
	return find_first(queue, waiter->place + 1, ((waiter->place >> JOB_SHIFT) + 1) << JOB_SHIFT, waiter);
}
