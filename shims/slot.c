#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "job.h"
#include "jobserver.h"
#include "ledger.h"
#include "patience.h"
#include "queue.h"
#include "records.h"

enum {
	LOOK_AGAIN_MS = 250,   /* the keeper of a queue: reclaim, and wake-ups that another waiter swallowed */
	LOOK_EACH_MS = 16,     /* longer by that for each launcher, while another queue's keeper does it for all */
	UNSEEN_HOLDER_MS = 10, /* the same where the implicit slot's holder can't be watched */
	TICK_MS = 750,         /* the others: the keeper may have been stopped or killed */
	TICK_EACH_MS = 50,     /* longer by that for each launcher */
	SLEEP_MAX_MS = 10000,
	PUT_PAUSE_MS = 10, /* where there is no memory for a token in the pipe */
	PUT_TRIES = 100,
};

static const uint64_t MS = 1000000; /* in nanoseconds */

/* The lock is process-owned, so that F_GETLK tells the holder. */
static const off_t IMPLICIT_BASE = (off_t)1 << 61;

static struct flock implicit_lock(const struct job *job)
{
	return (struct flock){
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = IMPLICIT_BASE + (off_t)(job->key << 1 & 0x0fffffffffffffffULL),
		.l_len = 1,
	};
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

enum outcome { TOOK, NOTHING, UNREADABLE };

/* The kernel stores the byte into the record, in the same step that takes it from the pipe: a kill can't part them. */
static enum outcome try_token(const struct jobserver *jobserver, struct ledger *ledger, struct slot *slot)
{
	unsigned char *into = ledger_token(ledger);
	ssize_t n;

	ledger_acquiring(ledger);
	do {
		n = read(jobserver->read_fd, into, 1);
		if (n < 0 && errno == EFAULT && into != &slot->token) {
			into = &slot->token; /* the ledger was cut: nothing was read, go on without it */
			errno = EINTR;
		}
	} while (n < 0 && errno == EINTR);
	if (n == 1) {
		slot->token = *into;
		slot->kind = SLOT_TOKEN;
		ledger_held(ledger, SLOT_TOKEN);
		return TOOK;
	}
	ledger_waiting(ledger);
	return n < 0 && errno == EAGAIN ? NOTHING : UNREADABLE;
}

static bool try_implicit(const struct jobserver *jobserver, const struct job *job, struct ledger *ledger, struct slot *slot)
{
	struct flock lock = implicit_lock(job);

#ifdef JOBSHIM_NAIVE
	return false;
#endif
	if (job->pays || fcntl(jobserver->write_fd, F_SETLK, &lock) < 0)
		return false;
	ledger_held(ledger, SLOT_IMPLICIT);
	slot->kind = SLOT_IMPLICIT;
	return true;
}

/* What a waiter sleeps on; where there can be no epoll, poll does, and every token wakes all that wait like this. */
struct sleeper {
	int epoll; /* has the FIFO and the socket, to be woken one by one (EPOLLEXCLUSIVE) */
	int fifo;
	int socket;
	const sigset_t *mask;
};

static struct sleeper sleeper_make(const struct queue *queue, const sigset_t *mask)
{
	struct sleeper sleeper = {
		.epoll = epoll_create1(EPOLL_CLOEXEC), .fifo = queue->jobserver->read_fd, .socket = queue->socket, .mask = mask
	};
	struct epoll_event token = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = -1 };
	struct epoll_event call = { .events = EPOLLIN, .data.fd = queue->socket };

	if (sleeper.epoll >= 0 &&
	    (epoll_ctl(sleeper.epoll, EPOLL_CTL_ADD, sleeper.fifo, &token) < 0 ||
	     (sleeper.socket >= 0 && epoll_ctl(sleeper.epoll, EPOLL_CTL_ADD, sleeper.socket, &call) < 0))) {
		close(sleeper.epoll);
		sleeper.epoll = -1;
	}
	return sleeper;
}

/* Sleeps until a token may be there, another waiter calls, the holder of the implicit slot ends, or timeout_ms; true
 * where it was the last. */
static bool sleeper_sleep(const struct sleeper *sleeper, int holder, int timeout_ms)
{
	const struct timespec timeout = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct epoll_event event = { .events = EPOLLIN, .data.fd = -1 };
	bool timed_out, called = true;
	char calls[16];

	if (sleeper->epoll >= 0) {
		if (holder >= 0 && epoll_ctl(sleeper->epoll, EPOLL_CTL_ADD, holder, &event) < 0)
			timeout_ms = UNSEEN_HOLDER_MS;
		timed_out = epoll_pwait(sleeper->epoll, &event, 1, timeout_ms, sleeper->mask) == 0;
		called = event.data.fd == sleeper->socket;
	} else {
		struct pollfd ends[] = {
			{ .fd = sleeper->fifo, .events = POLLIN },
			{ .fd = sleeper->socket, .events = POLLIN }, /* below 0 it is none */
			{ .fd = holder, .events = POLLIN },
		};

		timed_out = ppoll(ends, sizeof ends / sizeof ends[0], &timeout, sleeper->mask) == 0;
	}
	if (sleeper->socket >= 0 && called)
		while (recv(sleeper->socket, calls, sizeof calls, MSG_DONTWAIT) > 0)
			;
	return timed_out;
}

/* What one waiter of a job does for all of it. */
struct keeper {
	uint64_t looked_ns;
	int look_again_ms;
	struct patience patience;
};

/* The longer the more launchers there are, who look as well. */
static int longer(int ms, int each_ms, const struct ledger *ledger)
{
	uint32_t others = ledger_used(ledger);

	return others < (uint32_t)((SLEEP_MAX_MS - ms) / each_ms) ? ms + (int)others * each_ms : SLEEP_MAX_MS;
}

/* Looks for the dead, four times a second. True where patience is out. */
static bool keep(struct keeper *keeper, const struct jobserver *jobserver, struct ledger *ledger)
{
	if (monotonic_ns() - keeper->looked_ns < LOOK_AGAIN_MS * MS)
		return false;
	/* Of a crowd of keepers one or two look so often; who finds nobody doing it begins. */
	keeper->look_again_ms = LOOK_AGAIN_MS;
	if (!ledger_reclaim_in_crowd(ledger, jobserver, LOOK_AGAIN_MS * MS / 2))
		keeper->look_again_ms = longer(LOOK_AGAIN_MS, LOOK_EACH_MS, ledger);
	keeper->looked_ns = monotonic_ns();
#ifdef JOBSHIM_NAIVE
	return false;
#endif
	return patience_is_out(&keeper->patience, jobserver, ledger);
}

static int tick_ms(const struct queue *queue, const struct ledger *ledger)
{
	return queue->socket < 0 ? LOOK_AGAIN_MS : longer(TICK_MS, TICK_EACH_MS, ledger);
}

static void wait_for_slot(const struct jobserver *jobserver, const struct job *job, struct ledger *ledger,
                          struct slot *slot, const sigset_t *mask, struct keeper *keeper)
{
	struct queue queue;
	struct sleeper sleeper;
	bool overdue = false;
	int free_looks = 0;

	queue_join(&queue, jobserver, job);
	sleeper = sleeper_make(&queue, mask);
	/* A token first: the FIFO woke us alone for it. */
	while (try_token(jobserver, ledger, slot) == NOTHING) {
		int holder = HOLDER_NONE, timeout_ms = tick_ms(&queue, ledger);

		if ((overdue || queue_is_first(&queue)) && try_implicit(jobserver, job, ledger, slot))
			break;
		if (queue_keep(&queue)) {
			if (keep(keeper, jobserver, ledger)) {
				ledger_held(ledger, SLOT_OVERDRAFT);
				slot->kind = SLOT_OVERDRAFT;
				break;
			}
			holder = job->pays ? HOLDER_NONE : watch_holder(jobserver, job);
			timeout_ms = holder == HOLDER_UNSEEN || holder == HOLDER_GONE ? UNSEEN_HOLDER_MS : keeper->look_again_ms;
			free_looks = holder == HOLDER_GONE ? free_looks + 1 : 0;
			/* It is the first one's, unless that one can't be woken, or does not come. */
			overdue = holder == HOLDER_GONE && (queue_is_first(&queue) || !queue_wake_first(&queue) ||
			                                    free_looks * UNSEEN_HOLDER_MS >= LOOK_AGAIN_MS);
			if (overdue && try_implicit(jobserver, job, ledger, slot))
				break;
		}
		/* Who had to look by itself takes what there is: the keeper, or the first one, may have been stopped. */
		overdue = sleeper_sleep(&sleeper, holder, timeout_ms) && !queue.keeps;
		if (holder >= 0)
			close(holder);
	}
	queue_leave(&queue);
	if (sleeper.epoll >= 0)
		close(sleeper.epoll);
}

struct slot slot_take(const struct jobserver *jobserver, const struct job *job, struct ledger *ledger,
                      const sigset_t *waiting, double patience)
{
	struct slot slot = { .kind = SLOT_NONE };
	struct keeper keeper = {
		.look_again_ms = LOOK_AGAIN_MS, .patience = { .seconds = patience, .arrived_ns = monotonic_ns() }
	};

	/* Whoever finds a queue joins it. */
	if (!queue_is_empty(jobserver, job) ||
	    (!try_implicit(jobserver, job, ledger, &slot) && try_token(jobserver, ledger, &slot) == NOTHING))
		wait_for_slot(jobserver, job, ledger, &slot, waiting, &keeper);
	slot.waited_ns = monotonic_ns() - keeper.patience.arrived_ns;
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
