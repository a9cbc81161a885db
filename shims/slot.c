#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "job.h"
#include "jobserver.h"
#include "ledger.h"
#include "patience.h"
#include "records.h"

/* musl's name on 32-bit machines; the struct given to it has the kernel's longs in either case. */
#ifndef SYS_timer_settime
#define SYS_timer_settime SYS_timer_settime32
#endif

enum {
	LOOK_AGAIN_MS = 250,   /* the head of a queue: reclaim, and wake-ups that another waiter swallowed */
	LOOK_RARELY_MS = 1000, /* the same while another queue's head reclaims for all */
	UNSEEN_HOLDER_MS = 10, /* the same where the implicit slot's holder can't be watched */
	QUEUE_TICK_S = 2,      /* behind the head: it may have been stopped */
	WAITERS_A_SECOND = 32, /* so many before us make it a second longer */
	QUEUE_TICK_MAX_S = 16,
	PUT_PAUSE_MS = 10, /* where there is no memory for a token in the pipe */
	PUT_TRIES = 100,
};

static const uint64_t MS = 1000000; /* in nanoseconds */

/* All locks lie on the jobserver's own inode, far beyond any size: they need no ledger and no writable directory, and
 * every user of this jobserver meets in the same place. They are process-owned, so that F_GETLK tells the holder. */
static const off_t IMPLICIT_BASE = (off_t)1 << 61, QUEUE_BASE = (off_t)1 << 62;

static struct flock implicit_lock(const struct job *job)
{
	return (struct flock){
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = IMPLICIT_BASE + (off_t)(job->key << 1 & 0x0fffffffffffffffULL),
		.l_len = 1,
	};
}

static bool try_implicit(const struct jobserver *jobserver, const struct job *job)
{
	struct flock lock = implicit_lock(job);

	return fcntl(jobserver->write_fd, F_SETLK, &lock) == 0;
}

/* The job's queue: each waiter has a lock on its ticket, and sleeps until that of the one before it is free. Were all to
 * wait for one lock, a waiter that a tick interrupts would lose its place, and wake all behind it: each one that queues
 * up anew in the kernel wakes the next. */
enum { NO_TICKET, FIRST_TICKET, TICKETS_END = 1 << 24 };

/* A byte lies between two tickets: the kernel makes one lock of two that touch, which wakes who waits for either. */
enum { TICKET_BYTES = 2 };

static struct flock tickets(const struct job *job, int first, int end, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = QUEUE_BASE + ((off_t)(job->key & 0xfffffffffULL) * TICKETS_END + first) * TICKET_BYTES,
		.l_len = (off_t)(end - first) * TICKET_BYTES - 1,
	};
}

/* One of these tickets that somebody else has, most often the oldest; NO_TICKET where nobody has one. */
static int taken(const struct jobserver *jobserver, const struct job *job, int first, int end)
{
	struct flock lock = tickets(job, first, end, F_WRLCK);
	const off_t start = lock.l_start;

	if (first >= end || fcntl(jobserver->write_fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return NO_TICKET;
	return first + (int)((lock.l_start - start) / TICKET_BYTES);
}

/* The last ticket before end that somebody has. */
static int last_taken(const struct jobserver *jobserver, const struct job *job, int end)
{
	int low = FIRST_TICKET, high = end;

	if (taken(jobserver, job, low, end) == NO_TICKET)
		return NO_TICKET;
	if (taken(jobserver, job, end - 1, end) != NO_TICKET)
		return end - 1;
	while (high - low > 1) {
		int middle = low + (high - low) / 2;

		if (taken(jobserver, job, middle, end) != NO_TICKET)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* NO_TICKET where there is none to be had: such a waiter is a head of its own. */
static int draw_ticket(const struct jobserver *jobserver, const struct job *job)
{
	for (int ticket = last_taken(jobserver, job, TICKETS_END) + 1; ticket < TICKETS_END; ticket++) {
		struct flock lock = tickets(job, ticket, ticket + 1, F_WRLCK);

		if (fcntl(jobserver->write_fd, F_SETLK, &lock) == 0)
			return ticket;
		if (errno != EAGAIN && errno != EACCES)
			break;
	}
	return NO_TICKET;
}

static void leave_queue(const struct jobserver *jobserver, const struct job *job)
{
	struct flock lock = tickets(job, FIRST_TICKET, TICKETS_END, F_UNLCK);

	fcntl(jobserver->write_fd, F_SETLK, &lock);
}

enum { HOLDER_UNSEEN = -1, HOLDER_GONE = -2, HOLDER_NONE = -3 };

/* Who holds the job's implicit slot: a descriptor that polls readable when that process ends; HOLDER_GONE where the
 * slot is free by now, HOLDER_UNSEEN where its holder can't be watched (another PID namespace, an old kernel). */
static int watch_holder(const struct jobserver *jobserver, const struct job *job)
{
#if defined SYS_pidfd_open && !defined JOBSHIM_NAIVE
	struct flock lock = implicit_lock(job);
	int holder;

	if (fcntl(jobserver->write_fd, F_GETLK, &lock) < 0)
		return HOLDER_UNSEEN;
	if (lock.l_type == F_UNLCK)
		return HOLDER_GONE;
	if (lock.l_pid <= 0)
		return HOLDER_UNSEEN;
	holder = (int)syscall(SYS_pidfd_open, lock.l_pid, 0);
	if (holder < 0)
		return errno == ESRCH ? HOLDER_GONE : HOLDER_UNSEEN;
	return holder;
#else
	(void)jobserver;
	(void)job;
	return HOLDER_UNSEEN;
#endif
}

enum outcome { TOOK_TOKEN, NO_TOKEN, UNREADABLE };

/* The kernel stores the byte into the record, in the same step that takes it from the pipe: a kill can't part them. */
static enum outcome try_token(const struct jobserver *jobserver, struct ledger *ledger, unsigned char *token)
{
	unsigned char *into = ledger_token(ledger);
	ssize_t n;

	ledger_acquiring(ledger);
	do {
		n = read(jobserver->read_fd, into, 1);
		if (n < 0 && errno == EFAULT && into != token) {
			into = token; /* the ledger was cut: nothing was read, go on without it */
			errno = EINTR;
		}
	} while (n < 0 && errno == EINTR);
	if (n == 1) {
		*token = *into;
		ledger_held(ledger, SLOT_TOKEN);
		return TOOK_TOKEN;
	}
	ledger_waiting(ledger);
	return n < 0 && errno == EAGAIN ? NO_TOKEN : UNREADABLE;
}

static void on_tick(int signal_number)
{
	(void)signal_number; /* only so that F_SETLKW returns */
}

/* Seconds between a waiter's ticks: the more are before it the rarer, since those tick as well. */
static long tick_seconds(int before_us)
{
	long seconds = QUEUE_TICK_S + before_us / WAITERS_A_SECOND;

	return seconds < QUEUE_TICK_MAX_S ? seconds : QUEUE_TICK_MAX_S;
}

/* Sleeps until the waiter before us has left the queue, or for a tick. */
static void wait_in_queue(const struct jobserver *jobserver, const struct job *job, int ticket, const sigset_t *waiting)
{
	const long seconds = tick_seconds(ticket - taken(jobserver, job, FIRST_TICKET, ticket));
	const int tick = SIGRTMAX - 1;
	const int before = last_taken(jobserver, job, ticket);
	struct flock lock = tickets(job, before, before + 1, F_WRLCK);
	struct sigaction action = { .sa_handler = on_tick }, inherited;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = tick };
	/* It repeats: one that comes before F_SETLKW sleeps is not the last. */
	const long period[] = { seconds, 0, seconds, 0 }; /* the kernel's struct itimerspec */
	sigset_t mask = *waiting, blocked;
	int timer;

	sigdelset(&mask, tick);
	if (before == NO_TICKET || sigaction(tick, &action, &inherited) < 0)
		return;
	/* System calls, since musl's timer_create() brings all of its threads into the launcher. */
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) {
		if (syscall(SYS_timer_settime, timer, 0, period, NULL) == 0 &&
		    sigprocmask(SIG_SETMASK, &mask, &blocked) == 0) {
			/* EINTR is the point: whatever it returns, the caller looks again. The ticket is kept till we leave. */
			fcntl(jobserver->write_fd, F_SETLKW, &lock);
			sigprocmask(SIG_SETMASK, &blocked, NULL);
		}
		syscall(SYS_timer_delete, timer);
	}
	sigaction(tick, &inherited, NULL);
}

/* Waits until a token may be there, the holder of the implicit slot ends, or timeout_ms. */
static void wait_for_either(int epoll, int holder, const sigset_t *waiting, int timeout_ms)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (holder >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, holder, &event) < 0)
		timeout_ms = UNSEEN_HOLDER_MS;
	epoll_pwait(epoll, &event, 1, timeout_ms, waiting);
}

struct slot slot_take(const struct jobserver *jobserver, const struct job *job, struct ledger *ledger,
                      const sigset_t *waiting, double patience)
{
	struct slot slot = { .kind = SLOT_NONE };
	struct epoll_event readable = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	struct patience watch = { .seconds = patience, .arrived_ns = monotonic_ns() };
	uint64_t looked_ns = 0;
	int look_again_ms = LOOK_AGAIN_MS;
	const int ticket = draw_ticket(jobserver, job);
	bool head = false, in_epoll = false;
	int epoll = -1;

	for (bool waited = false;; waited = true) {
		enum outcome outcome = NO_TOKEN;
		int holder, timeout_ms;

		/* Whoever finds a queue joins it; behind a head that is stopped everyone still looks now and then. */
		head = head || taken(jobserver, job, FIRST_TICKET, ticket) == NO_TICKET;
		if (head || waited) {
#ifndef JOBSHIM_NAIVE
			if (!job->pays && try_implicit(jobserver, job)) {
				ledger_held(ledger, SLOT_IMPLICIT);
				slot.kind = SLOT_IMPLICIT;
				break;
			}
#endif
			outcome = try_token(jobserver, ledger, &slot.token);
		}
		if (outcome == TOOK_TOKEN) {
			slot.kind = SLOT_TOKEN;
			break;
		}
		if (outcome == UNREADABLE)
			break;
		if (!head) {
			wait_in_queue(jobserver, job, ticket, waiting);
			continue;
		}
		if (monotonic_ns() - looked_ns >= LOOK_AGAIN_MS * MS) {
			/* Of a crowd of heads soon only one or two look so often; who finds nobody doing it begins. */
			if (ledger_reclaim_in_crowd(ledger, jobserver, LOOK_AGAIN_MS * MS / 2))
				look_again_ms = LOOK_AGAIN_MS;
			else if (look_again_ms < LOOK_RARELY_MS)
				look_again_ms *= 2;
			looked_ns = monotonic_ns();
#ifndef JOBSHIM_NAIVE
			if (patience_is_out(&watch, jobserver, ledger)) {
				ledger_held(ledger, SLOT_OVERDRAFT);
				slot.kind = SLOT_OVERDRAFT;
				break;
			}
#endif
		}
		if (epoll < 0)
			epoll = epoll_create1(EPOLL_CLOEXEC);
		if (!in_epoll)
			in_epoll = epoll_ctl(epoll, EPOLL_CTL_ADD, jobserver->read_fd, &readable) == 0;
		holder = job->pays ? HOLDER_NONE : watch_holder(jobserver, job);
		if (holder == HOLDER_GONE)
			continue;
		timeout_ms = in_epoll && holder != HOLDER_UNSEEN ? look_again_ms : UNSEEN_HOLDER_MS;
		wait_for_either(epoll, holder, waiting, timeout_ms);
		if (holder >= 0)
			close(holder);
	}
	leave_queue(jobserver, job);
	if (epoll >= 0)
		close(epoll);
	slot.waited_ns = monotonic_ns() - watch.arrived_ns;
	return slot;
}

/* False where the token is not written: nobody is there any more, or there was no memory for its byte for a second. */
static bool put_token(const struct jobserver *jobserver, unsigned char token)
{
	const struct timespec pause = { .tv_nsec = PUT_PAUSE_MS * 1000000L };

	for (int try = 0; try < PUT_TRIES;) {
		ssize_t n = write(jobserver->write_fd, &token, 1);

		if (n == 1)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOMEM && errno != EAGAIN)
			return false;
		try++;
		nanosleep(&pause, NULL);
	}
	return false;
}

void slot_give_back(const struct slot *slot, const struct jobserver *jobserver, struct ledger *ledger)
{
	ledger_count_end(ledger); /* first, so that whoever gets the token is not counted beside us */
	if (slot->kind == SLOT_TOKEN) {
		ledger_releasing(ledger);
		if (!put_token(jobserver, slot->token)) {
			ledger_held(ledger, SLOT_TOKEN); /* whoever looks for dead launchers tries again */
			return;
		}
	}
	ledger_free(ledger);
	ledger_reclaim_now_and_then(ledger, jobserver);
}
