/* The shells on a walk up a chain of ancestors. Of many in a row the ledger notes where they end, so that the next walk there is short. A
 * note is a second old at most: until then one of them may have ended, or have become a client by an exec. */
#ifndef SHELLS_H
#define SHELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "proc/process.h"

struct jobserver;

enum { SHELL_MARKS = 3 };

struct shells {
	const struct jobserver *jobserver;
	const struct ledger *ledger; /* as far as the walk needs one */
	struct ledger opened;        /* the pool's, if the walk needs none */
	int fd;                      /* the pool's ledger; -1: there is none, or no room in it */
	bool is_ready;               /* fd was looked for */
	bool skipped;                /* some were passed over */
	uint32_t since_ms;           /* when those of the row were looked at, CLOCK_MONOTONIC */
	uint64_t proc;               /* the device of /proc: what its numbers mean */
	unsigned passed;             /* so many in a row, */
	struct process top;          /* of which that is the last one */
	unsigned marks;              /* and these are to be noted, */
	struct process marked[SHELL_MARKS];
	unsigned places[SHELL_MARKS]; /* at these places of the row */
};

/* Whether it is a shell, or another program that by its name is no client. */
bool shells_are(const struct process *process);

/* Begins a walk. What this leads to must stay. */
void shells_begin(struct shells *shells, const struct jobserver *jobserver, const struct ledger *ledger);

/* To be called with each process of the walk but the pool's owner. True if it is a shell, or another program that by its name is no client;
 * then *process is the topmost one of the row, if an earlier walk has noted that. */
bool shells_pass(struct shells *shells, struct process *process);

/* The same for another program that is no client, though it has so many descriptors that to look at them takes long. True if that was noted
 * lately. */
bool shells_know(struct shells *shells, const struct process *process);

/* Notes that it is no client, if to find that out took long. */
void shells_note(struct shells *shells, const struct process *process);

/* Ends the walk. */
void shells_end(struct shells *shells);

#endif
