/* Contenders: runs that wait at the gates of rules, or have passed them. The ledger's header lists them, so that no run has to search all
 * records. */
#ifndef CONTENDERS_H
#define CONTENDERS_H

#include <stdbool.h>

#include "contract.h"

struct ledger;
struct record;

/* A living run, by its record. */
struct contender {
	unsigned index;
	struct ledger_record record;
	bool is_tool;  /* its launcher became the tool: pid is the tool's */
	bool is_gated; /* it waits for a gate, and runs nothing */
};

/* Only one run at a time may have the lock, which all below needs. False, with errno set, if another run has it. */
bool contenders_lock(const struct ledger *ledger);
void contenders_unlock(const struct ledger *ledger);

/* Lists the record. False if there is no room, or it can't be stored. */
bool contenders_enter(const struct record *record);

/* Calls visit for all others that are alive, until it returns true. */
void contenders_each(const struct record *record, bool (*visit)(const struct contender *contender, void *state), void *state);

#endif
