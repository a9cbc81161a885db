/* Tools above us in a sandbox that have a slot. They have no launcher, so nothing but the ledger tells: their supervisor notes it there before
 * it lets them go on. */
#ifndef HOLDING_H
#define HOLDING_H

#include <stdbool.h>

#include "ledger/ledger.h"

struct jobserver;
struct process;

struct holding {
	const struct process *known; /* the only one that counts; NULL: the ledger tells them */
	const struct jobserver *jobserver;
	const struct ledger *ledger; /* as far as the walk needs one */
	struct ledger opened;        /* the pool's, if the walk needs none */
	bool is_self;                /* the walk begins at this process */
	bool is_read;                /* the records were looked at, */
	bool has_any;                /* and some are of such tools */
	unsigned char numbers[LEDGER_RECORD_COUNT / 8]; /* pids of holders, modulo the number of records: one bit each */
};

/* Begins a walk up a chain of ancestors. What this leads to must stay. */
void holding_begin(struct holding *holding, const struct jobserver *jobserver, const struct ledger *ledger, bool is_self);

/* The same for who knows the nearest one. */
void holding_begin_known(struct holding *holding, const struct process *known);

/* Whether the process is such a tool; its pid is known. */
bool holding_has(struct holding *holding, const struct process *process);

/* Ends the walk. */
void holding_end(struct holding *holding);

#endif
