/* How much memory is free for a run, by what the machine and our cgroups tell. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct memory {
	uint64_t available; /* KiB available without swapping */
	uint64_t total;     /* KiB */
};

/* The least of the machine and of all our cgroups (v1 and v2). It may say less than there is, if that is `enough` KiB. The ledger keeps
 * what it finds, for others. False if /proc does not tell. */
bool memory_look(struct memory *memory, uint64_t enough, struct ledger *ledger);

#endif
