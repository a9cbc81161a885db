/* How a launcher, with one run in its process, waits: on the FIFO, which wakes one waiter for each token, on what else a step names, and on
 * signals. */
#ifndef SLEEPER_H
#define SLEEPER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct waiting;

struct sleeper {
	int fifo;
	const sigset_t *mask; /* the signals that act while it sleeps; NULL: as they are */
	int epoll;  /* epoll, which wakes waiters one by one (EPOLLEXCLUSIVE); -1: poll is used, and every token wakes all */
	int socket;
	bool is_made;
};

struct sleeper sleeper_make(int fifo, const sigset_t *mask);

/* Sleeps until what the step waits for is there. True if it timed out. Calls of users that may not use the jobserver can make it a quarter
 * of a second longer. */
bool sleeper_sleep(struct sleeper *sleeper, const struct waiting *waiting);

/* Leaves those that sleep on the FIFO. */
void sleeper_close(struct sleeper *sleeper);

/* Reads all calls from the socket. Whether one came from a user of the jobserver: any process may send to it. */
bool call_is_heard(int fifo, int socket);

#endif
