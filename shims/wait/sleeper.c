#include "wait/sleeper.h"

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/datagram.h"

enum {
	UNSEEN_HOLDER_MS = 10, /* where the holder can't be watched */
	CALLS_MAX = 64,        /* at a time: they may come faster than they are read */
	STRANGERS_MS = 250,    /* so long it sleeps on where strangers call */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

struct sleeper sleeper_make(int fifo, int socket, const sigset_t *mask)
{
	struct sleeper sleeper = { .epoll = epoll_create1(EPOLL_CLOEXEC), .fifo = fifo, .socket = socket, .mask = mask };
	struct epoll_event token = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = -1 };
	struct epoll_event call = { .events = EPOLLIN, .data.fd = socket };

	if (sleeper.epoll >= 0 &&
	    (epoll_ctl(sleeper.epoll, EPOLL_CTL_ADD, sleeper.fifo, &token) < 0 ||
	     (sleeper.socket >= 0 && epoll_ctl(sleeper.epoll, EPOLL_CTL_ADD, sleeper.socket, &call) < 0))) {
		close(sleeper.epoll);
		sleeper.epoll = -1;
	}
	return sleeper;
}

/* Whether that user may use the jobserver, as those do who wait for it. */
static bool may_call(const struct sleeper *sleeper, uid_t user)
{
	struct stat status;

	return user == geteuid() || user == 0 ||
	       (fstat(sleeper->fifo, &status) == 0 && (user == status.st_uid || (status.st_mode & 066) != 0));
}

/* Whether one of those who wait calls: anybody may send to the socket. */
static bool hears_call(const struct sleeper *sleeper)
{
	struct sockaddr_un from;
	struct ucred sender;
	socklen_t from_size;
	bool heard = false;
	char call;

	for (int i = 0; i < CALLS_MAX && datagram_receive(sleeper->socket, &call, sizeof call, &sender, &from, &from_size); i++)
		heard = heard || may_call(sleeper, sender.uid);
	return heard;
}

enum woken { TIMED_OUT, CALLED, WOKEN };

static enum woken sleep_once(const struct sleeper *sleeper, int holder, int timeout_ms)
{
	struct epoll_event event = { .data.fd = -1 };
	const struct timespec timeout = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct pollfd ends[] = {
		{ .fd = sleeper->fifo, .events = POLLIN },
		{ .fd = holder, .events = POLLIN },
		{ .fd = sleeper->socket, .events = POLLIN }, /* below 0 it is none */
	};
	bool timed_out, called;

	if (sleeper->epoll >= 0) {
		timed_out = epoll_pwait(sleeper->epoll, &event, 1, timeout_ms, sleeper->mask) == 0;
		called = sleeper->socket >= 0 && event.data.fd == sleeper->socket;
	} else {
		timed_out = ppoll(ends, sizeof ends / sizeof ends[0], &timeout, sleeper->mask) == 0;
		called = ends[2].revents != 0;
	}
	return timed_out ? TIMED_OUT : called ? CALLED : WOKEN;
}

bool sleeper_sleep(const struct sleeper *sleeper, int holder, int timeout_ms)
{
	struct epoll_event end = { .events = EPOLLIN, .data.fd = -1 };
	uint64_t due_ns = 0, now;

	if (sleeper->epoll >= 0 && holder >= 0 && epoll_ctl(sleeper->epoll, EPOLL_CTL_ADD, holder, &end) < 0)
		timeout_ms = UNSEEN_HOLDER_MS;
	for (;;) {
		const enum woken woken = sleep_once(sleeper, holder, timeout_ms);

		if (woken != CALLED || hears_call(sleeper))
			return woken == TIMED_OUT;
		/* Strangers: sleep on, but not for long, since they may have left no room for a true call. */
		now = monotonic_ns();
		if (due_ns == 0)
			due_ns = now + (uint64_t)(timeout_ms < STRANGERS_MS ? timeout_ms : STRANGERS_MS) * MS;
		if (now >= due_ns)
			return true;
		timeout_ms = (int)((due_ns - now + MS - 1) / MS);
	}
}

void sleeper_close(const struct sleeper *sleeper)
{
	if (sleeper->epoll >= 0)
		close(sleeper->epoll);
}
