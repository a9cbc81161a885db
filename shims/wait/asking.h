/* The runs that a rule asks something of, as the ledger's header lists them: one need not search all records for them. */
#ifndef ASKING_H
#define ASKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ledger;

/* A run that lives, by its record. */
struct asking {
	unsigned index; /* of the record */
	bool tool;      /* its launcher became the tool: pid is the tool's */
	pid_t pid;
	bool gated;     /* it waits for a gate, and runs nothing */
	int gate;       /* which: GATE_LIMIT ... */
	uint32_t promise;
	uint32_t limit;
	unsigned slots; /* it takes, where that is more than one */
	bool gathers;   /* and has not all of them yet */
	uint64_t since; /* gated: when it came */
	uint64_t job;
};

/* One at a time may do what follows. False, with errno set, where another does. */
bool asking_lock(const struct ledger *ledger);
void asking_unlock(const struct ledger *ledger);

/* Lists our record. False where there is no room, or it can't be stored. */
bool asking_enter(struct ledger *ledger);

/* Calls visit for all others that are seen, until it returns true. */
void asking_each(struct ledger *ledger, bool (*visit)(const struct asking *asking, void *state), void *state);

#endif
