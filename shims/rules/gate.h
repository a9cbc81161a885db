/* The gates that rules put before a run. It takes a slot once all of them are open at the same moment; until then it holds nothing. */
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
	PASSED,    /* our process has passed the gates already, became a tool, and that one became this launcher: the record stays */
	IMPATIENT, /* nobody took a slot, or worked, for patience seconds: the run goes on all the same */
	CLOSED,    /* it must wait */
	LOCKED,    /* another process has had the gates' lock for LOCKED_MS: what others need is not known */
	UNGATED,   /* without a ledger what others need is not known */
};

struct gate {
	const struct policy *policy;
	const struct job *job;
	struct keeper keeper;
	int locked; /* looks in a row that failed, since another process had the lock */
};

/* Begins to wait now. patience: seconds until a deadlock ends the wait, 0: never. */
void gate_begin(struct gate *gate, const struct policy *policy, const struct job *job, double patience);

/* Looks at the gates, and notes in the record what the run takes. CLOSED: it waits, and the next look is due at *due_ns, CLOCK_MONOTONIC.
 * */
enum admission gate_step(struct gate *gate, const struct jobserver *jobserver, struct record *record, uint64_t *due_ns);

/* One look by itself. CLOSED or LOCKED: it would wait. */
enum admission gate_look(const struct policy *policy, struct record *record, const struct job *job);

/* The same for a run that becomes its tool unless it must wait: notes the tool in the record that was prepared for it. ADMITTED, PASSED,
 * CLOSED or UNGATED. */
enum admission gate_pass_at_once(const struct policy *policy, struct record *record, const struct job *job);

#endif
