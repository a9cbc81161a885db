/* Puts back the tokens that were lost with killed clients, and takes out those that the pool has too many. Why that is safe:
 * docs/protocol.md, "The census". */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/census.h"

struct jobserver;
struct ledger;

/* The result of one check of the pool. */
struct recovery_look {
	int64_t written_ns; /* when a token was last given back before the check: the FIFO's mtime */
	struct census census;
};

struct recovery {
	bool is_fed;                /* the pool's size changes by itself; the ledger tells it */
	int64_t written_ns;         /* the FIFO's mtime, as last read */
	uint64_t written_seen_ns;   /* when that was first read, CLOCK_MONOTONIC */
	bool looked;                /* last is the first of two checks */
	struct recovery_look last;
	int64_t last_written_ns;    /* the FIFO's mtime at the last check */
	uint64_t looked_ns;         /* when the last check began; 0: there was none */
	uint64_t cost_ns;           /* of it, in CPU time */
	bool short_of;              /* the last check found tokens missing */
};

/* What a step has done. */
struct recovery_change {
	int restored; /* tokens */
	int surplus;
};

/* Returns how many of total tokens are lost, by two checks. 0 if a token was moved between them, or a process may hold any number. */
long recovery_lost(long total, const struct recovery_look *first, const struct recovery_look *second);

/* Counts the lost tokens of a pool without a caretaker, by two checks, in about a second. -1 if they can't be counted; *why says the
 * reason, for people. */
long recovery_count(const struct jobserver *jobserver, struct ledger *ledger, const char **why);

/* Notes when a token was last given back, as a step does: the sooner that is known the sooner a step may check. */
void recovery_watch(struct recovery *recovery, const struct jobserver *jobserver);

/* Checks a pool of total tokens, if no token has moved for a while, and puts it right. */
struct recovery_change recovery_step(struct recovery *recovery, long total, const struct jobserver *jobserver,
                                     struct ledger *ledger);

/* When the next step may check, CLOCK_MONOTONIC nanoseconds, if no token is given back before. */
uint64_t recovery_due_ns(const struct recovery *recovery);

#endif
