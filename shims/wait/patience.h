/* Tells a deadlock from a long wait: nobody takes a slot, and nobody works (docs/protocol.md, "Deadlocks"). */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/work.h"

struct jobserver;
struct record;

struct patience {
	double seconds; /* 0: for ever */
	uint64_t arrived_ns;
	uint64_t told_ns, found_ns; /* when a slot was taken last, by the ledger, and when we read that */
	struct work work;
	bool sampled;
	bool blind; /* nothing can be measured */
	uint64_t sampled_ns, sample_due_ns;
	struct work_done done; /* at the last sample */
	uint64_t idle_since_ns;
	uint64_t idle_at_most_ns; /* so much counts as idle at the next sample, however late that is */
	uint64_t due_ns;       /* when the next check is due, CLOCK_MONOTONIC; UINT64_MAX: never */
};

/* Begins to wait now. */
struct patience patience_make(double seconds);

/* It has waited before that, since since_ns (CLOCK_MONOTONIC). */
void patience_since(struct patience *patience, uint64_t since_ns);

/* One waiter calls this, at due_ns at the latest. True once we have waited for the given time, nobody took a slot in it, and all holders of
 * slots were idle for its last second. If another wait of our job ended that way while we waited, the job is known to wait for itself: then
 * a quarter of a second without a slot taken, and without work, is enough. */
bool patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct record *record);

#endif
