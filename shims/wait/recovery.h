/* Puts back the tokens that were lost with killed clients, and takes out what is more than the pool should have. Why that is
 * safe: docs/protocol.md, "The census". */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/census.h"

struct jobserver;
struct ledger;

/* What one look at the pool said. */
struct recovery_look {
	int64_t written_ns; /* when a token was last given back before it: the FIFO's mtime */
	struct census census;
};

struct recovery {
	int64_t written_ns;         /* the FIFO's mtime, as last seen */
	uint64_t written_seen_ns;   /* when that was first seen, CLOCK_MONOTONIC */
	bool looked;                /* last is one of two looks */
	struct recovery_look last;
	int64_t last_written_ns;    /* the FIFO's mtime at the last look */
	uint64_t looked_ns;         /* when the last look began; 0: there was none */
	uint64_t cost_ns;           /* of it, in CPU time */
	bool short_of;              /* it found tokens missing */
};

/* What a step has done. */
struct recovery_change {
	int restored; /* tokens */
	int surplus;
};

/* Returns how many of total tokens are lost, by two looks: 0 where a token was moved between them, or somebody can't be told. */
long recovery_lost(long total, const struct recovery_look *first, const struct recovery_look *second);

/* Counts the lost tokens of a pool that nobody looks after, which may take two looks, a second. -1 where that can't be told; *why
 * says it, for people. */
long recovery_count(const struct jobserver *jobserver, struct ledger *ledger, const char **why);

/* Looks at a pool of total tokens if nothing has moved for a while, and does what follows. */
struct recovery_change recovery_step(struct recovery *recovery, long total, const struct jobserver *jobserver,
                                     struct ledger *ledger);

/* When the next step may look, CLOCK_MONOTONIC nanoseconds, if no token is given back before. */
uint64_t recovery_due_ns(const struct recovery *recovery);

#endif
