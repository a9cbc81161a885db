/* The runs that are first in their lines, as a poll watches them. */
#ifndef FIRSTS_H
#define FIRSTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct lines;
struct supervised;

enum { FIRSTS_MAX = 511, FIRSTS_POLLED = 2 * FIRSTS_MAX };

/* Fills what to watch; returns how many. *due_ns: when the next one is to be stepped; *token: one of them waits for any token. */
nfds_t firsts_watch(const struct lines *lines, struct pollfd ready[FIRSTS_POLLED], uint64_t *due_ns, bool *token);

/* Calls step for those that were called, or whose slot's holder has ended; pool: the descriptor that calls are for. */
void firsts_each_called(const struct pollfd ready[], nfds_t count, int pool, void (*step)(struct supervised *run));

enum firsts { FIRSTS_ALL, FIRSTS_DUE, FIRSTS_UNTIL_SLOT };

/* Steps them by turns, or those whose time has come, or until one has a slot: the line of who got one comes last from then on. */
void firsts_step(const struct lines *lines, enum firsts which, bool (*step)(struct supervised *run, bool timed_out));

#endif
