/* What one waiter does for the others: it checks for dead launchers, and for a deadlock. */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "wait/patience.h"

struct jobserver;
struct ledger;
struct record;

enum { LOOK_AGAIN_MS = 250, SLEEP_MAX_MS = 10000 };

struct keeper {
	uint64_t reclaim_due_ns; /* next check for dead launchers, CLOCK_MONOTONIC */
	struct patience patience;
};

/* Begins to wait now. patience: seconds. */
struct keeper keeper_make(double patience);

/* Checks for dead launchers, four times a second. True once patience is out. */
bool keeper_look(struct keeper *keeper, const struct jobserver *jobserver, const struct record *record);

/* When the next check is due, CLOCK_MONOTONIC. */
uint64_t keeper_due_ns(const struct keeper *keeper);

/* ms, and each_ms more for every launcher that checks, too. */
int keeper_longer(int ms, int each_ms, const struct ledger *ledger);

#endif
