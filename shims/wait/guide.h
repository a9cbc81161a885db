/* Whose slot a launcher has that can't see its client: the caretaker, outside its namespaces, may see it. */
#ifndef GUIDE_H
#define GUIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct jobserver;
struct sockaddr_un;

enum { GUIDE_FLAGS_MAX = 4096 };

/* Both are of the same program, most likely: another version's have another size. */
struct guide_question {
	unsigned above;
	char flags[sizeof "MAKEFLAGS=" + GUIDE_FLAGS_MAX]; /* as the asker has them: they tell which make is its client */
};

struct guide_answer {
	bool ours, nested;
	uint64_t key;
};

/* The name of the socket that the jobserver's caretaker answers at. Returns its length. */
socklen_t guide_address(const struct jobserver *jobserver, struct sockaddr_un *address);

/* Asks for our job; above: launchers above us. False where nobody answers at once, or can't tell. */
bool guide_ask(const struct jobserver *jobserver, unsigned above, struct guide_answer *answer);

#endif
