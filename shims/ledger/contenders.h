/* The runs that a rule asks something of, as the ledger's header lists them: one need not search all records for them. */
#ifndef CONTENDERS_H
#define CONTENDERS_H

#include <stdbool.h>

#include "contract.h"

struct ledger;
struct record;

/* A run that lives, by its record. */
struct contender {
	unsigned index;
	struct ledger_record record;
	bool is_tool;  /* its launcher became the tool: pid is the tool's */
	bool is_gated; /* it waits for a gate, and runs nothing */
};

/* One at a time may do what follows. False, with errno set, if another does. */
bool contenders_lock(const struct ledger *ledger);
void contenders_unlock(const struct ledger *ledger);

/* Lists the record. False if there is no room, or it can't be stored. */
bool contenders_enter(const struct record *record);

/* Calls visit for all others that are seen, until it returns true. */
void contenders_each(const struct record *record, bool (*visit)(const struct contender *contender, void *state), void *state);

#endif
