/* How a run that is alone in its process waits: on the FIFO, which wakes one waiter for each token, on what else a step names, and on
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
	int epoll;  /* has the FIFO and the socket, to be woken one by one (EPOLLEXCLUSIVE); -1: poll does, and every token wakes all */
	int socket;
	bool is_made;
};

struct sleeper sleeper_make(int fifo, const sigset_t *mask);

/* Sleeps until what the step waits for is there. True if nothing was until its time. If users call that may not use the jobserver it may
 * be a quarter of a second longer. */
bool sleeper_sleep(struct sleeper *sleeper, const struct waiting *waiting);

/* Leaves the order of those that wait for the FIFO. */
void sleeper_close(struct sleeper *sleeper);

/* Whether one of those that wait for the FIFO calls at the socket, of which all that came is read: anybody may send to it. */
bool call_is_heard(int fifo, int socket);

#endif
