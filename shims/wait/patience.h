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
	uint64_t told_ns, found_ns; /* when a slot was taken last, as the ledger has it; and when we found that there */
	struct work work;
	bool sampled;
	bool blind; /* nothing can be measured */
	uint64_t sampled_ns, sample_due_ns;
	struct work_done done; /* at the last sample */
	uint64_t idle_since_ns;
	uint64_t due_ns;       /* it wants to be asked again then, CLOCK_MONOTONIC; UINT64_MAX: never */
};

/* Begins to wait now. */
struct patience patience_make(double seconds);

/* To be asked by one of those who wait, not later than at due_ns. True once we have waited for the
 * given time, nobody took a slot in it, and all who hold slots stood still for the last second of it. If another wait of our job ended so while we
 * waited, it is known to wait for itself: then nobody need have taken a slot, or moved, for more than a quarter of a second. */
bool patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct record *record);

#endif
