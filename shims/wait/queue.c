#include "wait/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "wait/job.h"
#include "ground/clock.h"
#include "ground/datagram.h"
#include "ground/retry.h"

/* Tickets are locks on the jobserver's own inode, far beyond any size, as the implicit slot is: they need no writable
 * directory, and go with who has them, however that ends. */
static const off_t QUEUE_BASE = (off_t)1 << 62;

/* A ticket is the time in milliseconds, or what comes next; it begins anew after three days. */
enum { NO_TICKET, FIRST_TICKET, TICKETS_END = 1 << 28, KEEPER = TICKETS_END };

/* A byte lies between two tickets: the kernel would make one lock of two that touch. */
enum { TICKET_BYTES = 2, WAKE_TRIES = 4, DRAW_TRIES = 8192 };

static struct flock tickets(const struct job *job, int first, int end, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = QUEUE_BASE + ((off_t)(job->key & 0xffffffffULL) * (KEEPER + 1) + first) * TICKET_BYTES,
		.l_len = (off_t)(end - first) * TICKET_BYTES - 1,
	};
}

static bool lock(const struct jobserver *jobserver, const struct job *job, int ticket)
{
	struct flock one = tickets(job, ticket, ticket + 1, F_WRLCK);

	return fcntl(jobserver->write_fd, F_SETLK, &one) == 0;
}

/* errno says so where a lock could not be had; anything else is that locks can't be had at all. */
static bool held_by_another(void)
{
	return errno == EAGAIN || errno == EACCES;
}

/* Looks for a lock of somebody else on one of these tickets. False where there is none, or that can't be told. */
static bool look_for_lock(const struct jobserver *jobserver, const struct job *job, int first, int end, struct flock *found)
{
	*found = tickets(job, first, end, F_WRLCK);
	return first < end && fcntl(jobserver->write_fd, F_GETLK, found) == 0 && found->l_type != F_UNLCK;
}

/* The ticket between these that a lock is of; NO_TICKET where it is of none: whoever may write to the FIFO may lock any part of it. */
static int ticket_of(const struct flock *lock, const struct job *job, int first, int end)
{
	const struct flock all = tickets(job, first, end, F_WRLCK);
	const off_t at = lock->l_start - all.l_start;

	return at >= 0 && at < all.l_len && at % TICKET_BYTES == 0 && lock->l_len == TICKET_BYTES - 1
	           ? first + (int)(at / TICKET_BYTES)
	           : NO_TICKET;
}

/* One of these tickets that another waiter has; NO_TICKET where nobody has one. */
static int taken(const struct jobserver *jobserver, const struct job *job, int first, int end)
{
	struct flock found;

	return look_for_lock(jobserver, job, first, end, &found) ? ticket_of(&found, job, first, end) : NO_TICKET;
}

/* The last ticket before end that somebody else has. */
static int last_taken(const struct jobserver *jobserver, const struct job *job, int end)
{
	int low = taken(jobserver, job, FIRST_TICKET, end), high = end;

	while (low != NO_TICKET && high - low > 1) {
		int middle = low + (high - low) / 2, found = taken(jobserver, job, middle, high);

		if (found != NO_TICKET)
			low = found;
		else
			high = middle;
	}
	return low;
}

/* The first one. */
static int first_taken(const struct jobserver *jobserver, const struct job *job)
{
	int low = FIRST_TICKET, high = taken(jobserver, job, FIRST_TICKET, TICKETS_END);

	while (low < high) {
		int middle = low + (high - low) / 2, found = taken(jobserver, job, low, middle + 1);

		if (found != NO_TICKET)
			high = found;
		else
			low = middle + 1;
	}
	return high;
}

/* An abstract socket, which goes with its process too. */
static socklen_t address_of(const struct queue *queue, int ticket, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "jobshim-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%d",
	                  (uint64_t)queue->jobserver->device, (uint64_t)queue->jobserver->inode, queue->job->key, ticket);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static bool wake(const struct queue *queue, int ticket)
{
	struct sockaddr_un address;
	socklen_t length = address_of(queue, ticket, &address);
	ssize_t sent;

	if (ticket == NO_TICKET || queue->socket < 0)
		return false;
	sent = RETRY(sendto(queue->socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, length));
	return sent == 1 || (sent < 0 && errno == EAGAIN); /* full: it is about to look */
}

bool queue_is_empty(const struct jobserver *jobserver, const struct job *job)
{
	return taken(jobserver, job, FIRST_TICKET, TICKETS_END) == NO_TICKET;
}

static int draw_ticket(const struct jobserver *jobserver, const struct job *job)
{
	int ticket = FIRST_TICKET + (int)(monotonic_ns() / 1000000u % (TICKETS_END - FIRST_TICKET));

	for (int try = 0; try < DRAW_TRIES && ticket < TICKETS_END; try++, ticket++) {
		struct flock held;

		if (lock(jobserver, job, ticket))
			return ticket;
		/* It may have been given back since. */
		if (!held_by_another() || (look_for_lock(jobserver, job, ticket, ticket + 1, &held) &&
		                           ticket_of(&held, job, ticket, ticket + 1) == NO_TICKET))
			break;
	}
	return NO_TICKET;
}

/* Whether the one who waits there can be woken by us, and so we by those that can wake it: not in a network namespace of our own. */
static bool reaches(const struct queue *queue, int ticket)
{
	const struct sockaddr_un nobody = { .sun_family = AF_UNSPEC };
	struct sockaddr_un address;
	socklen_t length = address_of(queue, ticket, &address);
	bool reached = connect(queue->socket, (struct sockaddr *)&address, length) == 0 || errno != ECONNREFUSED;

	/* While it is connected others can't write to it. */
	(void)!connect(queue->socket, (const struct sockaddr *)&nobody, sizeof nobody.sun_family);
	return reached;
}

void queue_join(struct queue *queue, const struct jobserver *jobserver, const struct job *job)
{
	const int other = taken(jobserver, job, FIRST_TICKET, TICKETS_END);
	struct sockaddr_un address;

	*queue = (struct queue){ .jobserver = jobserver, .job = job, .ticket = draw_ticket(jobserver, job), .socket = -1 };
	if (queue->ticket == NO_TICKET)
		return;
	queue->socket = datagram_open();
	if (queue->socket < 0 ||
	    (bind(queue->socket, (struct sockaddr *)&address, address_of(queue, queue->ticket, &address)) == 0 &&
	     (other == NO_TICKET || reaches(queue, other))))
		return;
	close(queue->socket);
	queue->socket = -1;
}

bool queue_is_first(const struct queue *queue)
{
	return taken(queue->jobserver, queue->job, FIRST_TICKET, queue->ticket) == NO_TICKET;
}

bool queue_keep(struct queue *queue)
{
	struct flock held;

	queue->keeps = queue->keeps || lock(queue->jobserver, queue->job, KEEPER) || !held_by_another() ||
	               (look_for_lock(queue->jobserver, queue->job, KEEPER, KEEPER + 1, &held) &&
	                ticket_of(&held, queue->job, KEEPER, KEEPER + 1) == NO_TICKET);
	return queue->keeps;
}

bool queue_wake_first(const struct queue *queue)
{
	return wake(queue, first_taken(queue->jobserver, queue->job));
}

/* The last in the queue stays the longest. */
static void hand_over(const struct queue *queue)
{
	for (int try = 0, end = TICKETS_END; try < WAKE_TRIES; try++) {
		int last = last_taken(queue->jobserver, queue->job, end);

		if (last == NO_TICKET || wake(queue, last))
			break;
		end = last;
	}
}

void queue_leave(struct queue *queue)
{
	struct flock all = tickets(queue->job, FIRST_TICKET, KEEPER + 1, F_UNLCK);

	fcntl(queue->jobserver->write_fd, F_SETLK, &all);
	if (queue->keeps)
		hand_over(queue);
	queue->keeps = false;
}
