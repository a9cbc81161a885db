/* The tool runs of the sandbox: each stands still until it has a slot, which it gives back as it ends. */
#ifndef SUPERVISED_H
#define SUPERVISED_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/filter.h"
#include "sandbox/firsts.h"

struct jobserver;
struct ledger;
struct program;
struct self;

/* Where tool runs take their slots, and what lets them go on. What this leads to must stay. */
struct supervised_in {
	const struct jobserver *jobserver;
	struct ledger *ledger;
	const struct self *self; /* of the shim dir */
	int listener;
};

/* False, with errno, if that can't be had. */
bool supervised_open(const struct supervised_in *in);

/* A program has started, and is a tool as far as its file tells. It goes on at once if it runs in somebody's slot or is none, and waits else. */
void supervised_add(const struct started *started, struct program *program);

/* A launcher has started, which is about to look for a slot itself: it is to find what has one. */
void supervised_prepare_for(const struct started *started);

/* Whether the process is a tool run already: it has started another program, or a signal came as it waited. Answers, if it may go on. */
bool supervised_knows(const struct started *started);

/* Whether a tool run waits for its slot. */
bool supervised_waits(void);

/* Gives back what the runs had that have ended by now, and writes their lines into the journal. */
void supervised_see_ends(void);

enum { SUPERVISED_POLLED = FIRSTS_POLLED + 2 }; /* before these come the ends, and the tokens */

/* Fills what a poll has to watch; returns how many. *due_ns: when the next step is to be made at the latest, CLOCK_MONOTONIC. */
nfds_t supervised_watch(struct pollfd ready[SUPERVISED_POLLED], uint64_t *due_ns);

/* Does what the poll of these has made possible. */
void supervised_step(const struct pollfd ready[], nfds_t count);

/* Lets all go on that wait, and gives back what the others have. */
void supervised_close(void);

#endif
