/* Tells a deadlock from a long wait (DESIGN 4.6): nobody takes a slot and nobody works. */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct ledger;

struct patience {
	double seconds; /* 0: for ever */
	uint64_t arrived_ns;
	pid_t root; /* the outermost client above us, -1: there is none; 0: not looked for yet */
	uint64_t sampled_ns;
	uint64_t idle_since_ns;
	uint64_t ticks;
};

/* To be asked every now and then by who waits. True once no slot was taken for the given time although we wait for
 * one, and for the last second of it all that runs below this jobserver's outermost client stood still. */
bool patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
