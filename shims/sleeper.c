#include "sleeper.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { UNSEEN_HOLDER_MS = 10 }; /* where the holder can't be watched */

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

bool sleeper_sleep(const struct sleeper *sleeper, int holder, int timeout_ms)
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

void sleeper_close(const struct sleeper *sleeper)
{
	if (sleeper->epoll >= 0)
		close(sleeper->epoll);
}
