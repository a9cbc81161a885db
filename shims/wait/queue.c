#include "wait/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "pool/locks.h"
#include "pool/pool.h"
#include "ground/clock.h"
#include "ground/datagram.h"
#include "ground/retry.h"
#include "ground/text.h"

/* A ticket is a lock on the jobserver's own inode, far beyond its size, as the implicit slot is. It needs no writable directory, and the
 * kernel drops it when its process ends. */
static const off_t QUEUE_BASE = (off_t)1 << 62;

/* A ticket is the time in milliseconds, or the next number that is free; it starts again at 0 after a day and a half. Those of low priority
 * have the higher half of them. */
enum { NO_TICKET, FIRST_TICKET, LOW_TICKET = 1 << 27, TICKETS_END = 1 << 28, KEEPER = TICKETS_END };

/* A byte lies between two tickets: the kernel would merge two locks that touch. */
enum { TICKET_BYTES = 2, WAKE_TRIES = 4, DRAW_TRIES = 8192 };

/* Where the job's tickets begin. */
static off_t base_of(uint64_t job)
{
	return QUEUE_BASE + (off_t)(job & 0xffffffffULL) * (KEEPER + 1) * TICKET_BYTES;
}

static enum lock_outcome lock(struct pool *pool, const void *run, uint64_t job, int ticket)
{
	return locks_take(&pool->locks, run, base_of(job) + (off_t)ticket * TICKET_BYTES);
}

static void unlock(const struct queue *queue, int ticket)
{
	locks_give_back(&queue->pool->locks, queue->run, base_of(queue->job) + (off_t)ticket * TICKET_BYTES);
}

/* The tickets of a job's queue that others than the run have. */
struct others {
	const struct pool *pool;
	const void *run;
	uint64_t job;
};

static struct others others_in(const struct queue *queue)
{
	return (struct others){ .pool = queue->pool, .run = queue->run, .job = queue->job };
}

/* Finds a lock on one of the tickets from first to end. False if there is none, or on error. */
static bool look_for_lock(const struct others *others, int first, int end, struct flock *found)
{
	return locks_find(&others->pool->locks, others->run, base_of(others->job) + (off_t)first * TICKET_BYTES,
	                 (off_t)(end - first) * TICKET_BYTES - 1, found);
}

/* The ticket between these that a lock belongs to; NO_TICKET if it is no ticket's: any process that may write to the FIFO may lock any part
 * of it. */
static int ticket_of(const struct flock *lock, uint64_t job, int first, int end)
{
	const off_t at = lock->l_start - base_of(job) - (off_t)first * TICKET_BYTES;

	return at >= 0 && at < (off_t)(end - first) * TICKET_BYTES && at % TICKET_BYTES == 0 && lock->l_len == 1
	           ? first + (int)(at / TICKET_BYTES)
	           : NO_TICKET;
}

/* One of these tickets that another waiter has; NO_TICKET if there is none. */
static int taken(const struct others *others, int first, int end)
{
	struct flock found;

	return look_for_lock(others, first, end, &found) ? ticket_of(&found, others->job, first, end) : NO_TICKET;
}

/* The last ticket before end that somebody else has. */
static int last_taken(const struct others *others, int end)
{
	int low = taken(others, FIRST_TICKET, end), high = end;

	while (low != NO_TICKET && high - low > 1) {
		int middle = low + (high - low) / 2, found = taken(others, middle, high);

		if (found != NO_TICKET)
			low = found;
		else
			high = middle;
	}
	return low;
}

/* The first one. */
static int first_taken(const struct others *others)
{
	int low = FIRST_TICKET, high = taken(others, FIRST_TICKET, TICKETS_END);

	while (low < high) {
		int middle = low + (high - low) / 2, found = taken(others, low, middle + 1);

		if (found != NO_TICKET)
			high = found;
		else
			low = middle + 1;
	}
	return high;
}

/* An abstract socket, which also goes with its process. */
static socklen_t address_of(const struct queue *queue, uint64_t job, int ticket, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = text_put(address->sun_path + 1, sizeof address->sun_path - 1, "jobshim-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%d",
	                  (uint64_t)queue->pool->jobserver->device, (uint64_t)queue->pool->jobserver->inode, job, ticket);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

bool queue_call(const struct queue *queue, uint64_t job, int ticket)
{
	struct sockaddr_un address;
	socklen_t length = address_of(queue, job, ticket, &address);
	ssize_t sent;

	if (ticket == NO_TICKET || queue->socket < 0)
		return false;
	sent = RETRY(sendto(queue->socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, length));
	return sent == 1 || (sent < 0 && errno == EAGAIN); /* full: the waiter is about to wake up anyhow */
}

static bool wake(const struct queue *queue, int ticket)
{
	return queue_call(queue, queue->job, ticket);
}

bool queue_is_empty(const struct pool *pool, const void *run, uint64_t job)
{
	const struct others others = { .pool = pool, .run = run, .job = job };

	return taken(&others, FIRST_TICKET, LOW_TICKET) == NO_TICKET;
}

/* Whether a lock that we failed to take is no waiter's, or was given back since. */
static bool is_strangers(const struct others *others, int ticket)
{
	struct flock held;

	return look_for_lock(others, ticket, ticket + 1, &held) && ticket_of(&held, others->job, ticket, ticket + 1) == NO_TICKET;
}

static int draw_ticket(struct pool *pool, const struct others *others, bool is_low)
{
	const int end = is_low ? TICKETS_END : LOW_TICKET;
	int ticket = (is_low ? LOW_TICKET : FIRST_TICKET) + (int)(monotonic_ns() / 1000000u % (LOW_TICKET - FIRST_TICKET));

	for (int try = 0; try < DRAW_TRIES && ticket < end; try++, ticket++) {
		const enum lock_outcome outcome = lock(pool, others->run, others->job, ticket);

		if (outcome == LOCK_TAKEN)
			return ticket;
		if (outcome == LOCK_UNAVAILABLE || is_strangers(others, ticket))
			break;
	}
	return NO_TICKET;
}

/* Whether we can wake the waiter with this ticket. If not, we are in another network namespace, and its neighbours can't wake us either. */
static bool reaches(const struct queue *queue, int ticket)
{
	const struct sockaddr_un nobody = { .sun_family = AF_UNSPEC };
	struct sockaddr_un address;
	socklen_t length = address_of(queue, queue->job, ticket, &address);
	bool reached = connect(queue->socket, (struct sockaddr *)&address, length) == 0 || errno != ECONNREFUSED;

	/* While it is connected, no other process can write to it. */
	(void)!connect(queue->socket, (const struct sockaddr *)&nobody, sizeof nobody.sun_family);
	return reached;
}

void queue_join(struct queue *queue, struct pool *pool, const void *run, uint64_t job, bool is_low)
{
	const struct others others = { .pool = pool, .run = run, .job = job };
	const int other = taken(&others, FIRST_TICKET, TICKETS_END);
	struct sockaddr_un address;

	*queue = (struct queue){ .pool = pool, .run = run, .job = job, .ticket = draw_ticket(pool, &others, is_low), .socket = -1 };
	if (queue->ticket == NO_TICKET)
		return;
	queue->socket = datagram_open();
	if (queue->socket < 0 ||
	    (bind(queue->socket, (struct sockaddr *)&address, address_of(queue, job, queue->ticket, &address)) == 0 &&
	     (other == NO_TICKET || reaches(queue, other))))
		return;
	close(queue->socket);
	queue->socket = -1;
}

bool queue_is_first(const struct queue *queue)
{
	const struct others others = others_in(queue);

	return taken(&others, FIRST_TICKET, queue->ticket) == NO_TICKET;
}

bool queue_keep(struct queue *queue)
{
	const struct others others = others_in(queue);

	queue->keeps = queue->keeps || lock(queue->pool, queue->run, queue->job, KEEPER) != LOCK_ANOTHERS || is_strangers(&others, KEEPER);
	return queue->keeps;
}

bool queue_wake_first(const struct queue *queue)
{
	const struct others others = others_in(queue);

	return wake(queue, first_taken(&others));
}

/* The last in the queue stays the longest. */
static void hand_over(const struct queue *queue)
{
	const struct others others = others_in(queue);

	for (int try = 0, end = TICKETS_END; try < WAKE_TRIES; try++) {
		int last = last_taken(&others, end);

		if (last == NO_TICKET || wake(queue, last))
			break;
		end = last;
	}
}

static void keep_no_more(struct queue *queue)
{
	if (queue->keeps) {
		unlock(queue, KEEPER);
		hand_over(queue);
	}
	queue->keeps = false;
}

void queue_let_keep(struct queue *queue)
{
	if (queue_keep(queue))
		keep_no_more(queue);
}

void queue_leave(struct queue *queue)
{
	unlock(queue, queue->ticket);
	keep_no_more(queue);
}
