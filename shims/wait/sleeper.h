/* What a waiter sleeps on: the FIFO, which wakes one waiter for each token, and a socket by which others wake it. */
#ifndef SLEEPER_H
#define SLEEPER_H

#include <signal.h>
#include <stdbool.h>

struct sleeper {
	int epoll; /* has both, to be woken one by one (EPOLLEXCLUSIVE); -1: poll does, and every token wakes all */
	int fifo;
	int socket;
	const sigset_t *mask;
};

/* socket: -1 where there is none. mask: the signals that act while it sleeps. */
struct sleeper sleeper_make(int fifo, int socket, const sigset_t *mask);

/* Sleeps until a token may be there, another waiter calls, the process that holder watches ends, or timeout_ms; true
 * where it was the last. Where users call that may not use the jobserver it may be a quarter of a second longer. */
bool sleeper_sleep(const struct sleeper *sleeper, int holder, int timeout_ms);

void sleeper_close(const struct sleeper *sleeper);

#endif
