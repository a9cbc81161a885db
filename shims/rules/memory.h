/* How much memory is free for a run, by what the machine and our cgroups tell. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct memory {
	uint64_t available; /* KiB that could be had without swapping */
	uint64_t total;     /* KiB */
};

/* The least of the machine and of all cgroups (v1 and v2) that we are in; it may tell less than there is, where that is enough
 * KiB. What it finds is kept in the ledger for others. False where /proc does not tell. */
bool memory_look(struct memory *memory, uint64_t enough, struct ledger *ledger);

#endif
