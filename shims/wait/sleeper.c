#include "wait/sleeper.h"

#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wait/waiting.h"
#include "ground/clock.h"
#include "ground/datagram.h"

enum {
	UNSEEN_END_MS = 10, /* if an end can't be watched */
	CALLS_MAX = 64,     /* calls read at a time: they may come faster than they are read */
	STRANGERS_MS = 250, /* how long it sleeps on after calls of strangers */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

struct sleeper sleeper_make(int fifo, const sigset_t *mask)
{
	return (struct sleeper){ .fifo = fifo, .mask = mask, .epoll = -1, .socket = -1 };
}

/* Joins those that sleep on the FIFO. */
static void enter(struct sleeper *sleeper, int socket)
{
	struct epoll_event token = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = -1 };
	struct epoll_event call = { .events = EPOLLIN, .data.fd = socket };

	sleeper->is_made = true;
	sleeper->socket = socket;
	sleeper->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (sleeper->epoll >= 0 && (epoll_ctl(sleeper->epoll, EPOLL_CTL_ADD, sleeper->fifo, &token) < 0 ||
	                            (socket >= 0 && epoll_ctl(sleeper->epoll, EPOLL_CTL_ADD, socket, &call) < 0))) {
		close(sleeper->epoll);
		sleeper->epoll = -1;
	}
}

void sleeper_close(struct sleeper *sleeper)
{
	if (sleeper->epoll >= 0)
		close(sleeper->epoll);
	*sleeper = sleeper_make(sleeper->fifo, sleeper->mask);
}

/* Whether that user may use the jobserver. */
static bool may_call(int fifo, uid_t user)
{
	struct stat status;

	return user == geteuid() || user == 0 ||
	       (fstat(fifo, &status) == 0 && (user == status.st_uid || (status.st_mode & 066) != 0));
}

bool call_is_heard(int fifo, int socket)
{
	struct sockaddr_un from;
	struct ucred sender;
	socklen_t from_size;
	bool heard = false;
	char call;

	for (int i = 0; i < CALLS_MAX && datagram_receive(socket, &call, sizeof call, &sender, &from, &from_size); i++)
		heard = heard || may_call(fifo, sender.uid);
	return heard;
}

enum woken { TIMED_OUT, CALLED, WOKEN };

static enum woken sleep_once(const struct sleeper *sleeper, const struct waiting *waiting, int timeout_ms)
{
	struct epoll_event event = { .data.fd = -1 };
	const struct timespec timeout = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct pollfd ends[] = {
		{ .fd = waiting->token ? sleeper->fifo : -1, .events = POLLIN }, /* below 0 it is none */
		{ .fd = waiting->end, .events = POLLIN },
		{ .fd = waiting->call, .events = POLLIN },
	};
	bool timed_out, called;

	if (waiting->token && sleeper->epoll >= 0) {
		timed_out = epoll_pwait(sleeper->epoll, &event, 1, timeout_ms, sleeper->mask) == 0;
		called = waiting->call >= 0 && event.data.fd == waiting->call;
	} else {
		timed_out = ppoll(ends, sizeof ends / sizeof ends[0], timeout_ms < 0 ? NULL : &timeout, sleeper->mask) == 0;
		called = ends[2].revents != 0;
	}
	return timed_out ? TIMED_OUT : called ? CALLED : WOKEN;
}

/* Rounded up: a wake-up that comes too soon costs a second one. */
static int ms_until(uint64_t due_ns)
{
	const uint64_t now = monotonic_ns();

	if (due_ns == UINT64_MAX)
		return -1;
	if (due_ns <= now)
		return 0;
	return (due_ns - now) / MS < INT_MAX ? (int)((due_ns - now + MS - 1) / MS) : INT_MAX;
}

bool sleeper_sleep(struct sleeper *sleeper, const struct waiting *waiting)
{
	struct epoll_event end = { .events = EPOLLIN, .data.fd = -1 };
	uint64_t due_ns = waiting->due_ns, strangers_ns = 0;

	if (waiting->token && (!sleeper->is_made || (waiting->call >= 0 && waiting->call != sleeper->socket))) {
		sleeper_close(sleeper);
		enter(sleeper, waiting->call);
	}
	if (waiting->token && sleeper->epoll >= 0 && waiting->end >= 0 &&
	    epoll_ctl(sleeper->epoll, EPOLL_CTL_ADD, waiting->end, &end) < 0)
		due_ns = monotonic_ns() + UNSEEN_END_MS * MS;
	for (;;) {
		const enum woken woken = sleep_once(sleeper, waiting, ms_until(due_ns));

		if (woken != CALLED || call_is_heard(sleeper->fifo, waiting->call))
			return woken == TIMED_OUT;
		/* Strangers called: sleep on, but not for long, since they may have left no room for a real call. */
		if (strangers_ns == 0) {
			strangers_ns = monotonic_ns() + STRANGERS_MS * MS;
			due_ns = due_ns < strangers_ns ? due_ns : strangers_ns;
		}
		if (monotonic_ns() >= due_ns)
			return true;
	}
}
