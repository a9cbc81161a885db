/* A launcher in a namespace may not find its client in /proc. It sends a request to the caretaker, outside the namespace, which may find
 * the client. */
#ifndef GUIDE_H
#define GUIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct jobserver;
struct sockaddr_un;

enum { GUIDE_FLAGS_MAX = 4096 };

/* Another version's messages have another size. */
struct guide_request {
	unsigned above;
	char flags[sizeof "MAKEFLAGS=" + GUIDE_FLAGS_MAX]; /* the launcher's MAKEFLAGS: they tell which make is its client */
};

struct guide_answer {
	bool ours, nested;
	uint64_t key;
};

/* The name of the socket that the jobserver's caretaker answers at. Returns its length. */
socklen_t guide_address(const struct jobserver *jobserver, struct sockaddr_un *address);

/* Requests our job; above: launchers above us. False if no answer comes in time, or the caretaker does not know. */
bool guide_ask(const struct jobserver *jobserver, unsigned above, struct guide_answer *answer);

#endif
