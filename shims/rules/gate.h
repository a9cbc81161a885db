/* The gates that rules put before a run. It takes a slot once all of them are open at the same moment; until then it
 * holds nothing of what it asks for. */
#ifndef GATE_H
#define GATE_H

#include <stdint.h>

#include "wait/keeper.h"

struct job;
struct jobserver;
struct record;
struct policy;

enum { LOCKED_MS = 5000 };

enum admission {
	ADMITTED,
	PASSED,    /* as the tool that starts us by exec: our process has passed them, and keeps its record */
	IMPATIENT, /* nobody took a slot, or worked, for patience seconds: it goes on all the same */
	CLOSED,    /* it must wait */
	LOCKED,    /* somebody has had the gates' lock for LOCKED_MS: what others ask for can't be told */
	UNGATED,   /* without a ledger nobody can tell what others ask for */
};

struct gate {
	const struct policy *policy;
	const struct job *job;
	struct keeper keeper;
	int locked; /* looks in a row that the lock kept from us */
};

/* Begins to wait now. patience: seconds until a deadlock ends the wait, 0: never. */
void gate_begin(struct gate *gate, const struct policy *policy, const struct job *job, double patience);

/* Looks at the gates, and notes in the record what the run takes. CLOSED: it waits, and wants to look again at *due_ns, CLOCK_MONOTONIC. */
enum admission gate_step(struct gate *gate, const struct jobserver *jobserver, struct record *record, uint64_t *due_ns);

/* The same of a run that becomes its tool unless it must wait: notes it as such, in the record that was prepared for that.
 * ADMITTED, PASSED, CLOSED or UNGATED. */
enum admission gate_pass_at_once(const struct policy *policy, struct record *record, const struct job *job);

#endif
