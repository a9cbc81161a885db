/* The gates that rules put before a run. It takes a slot once all of them are open at the same moment; until then it
 * holds nothing of what it asks for. */
#ifndef GATE_H
#define GATE_H

#include <signal.h>
#include <stdint.h>

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

/* Waits for the gates and notes in the ledger what the run takes; *waited_ns for how long. Signals of waiting (the mask to
 * wait with) act while it waits. patience: seconds, 0 = for ever. */
enum admission gate_pass(const struct policy *policy, const struct jobserver *jobserver, const struct job *job,
                         struct record *record, const sigset_t *waiting, double patience, uint64_t *waited_ns);

/* The same of a run that becomes its tool unless it must wait: notes it as such, in the record that was claimed for that.
 * ADMITTED, PASSED, CLOSED or UNGATED. */
enum admission gate_pass_at_once(const struct policy *policy, struct record *record, const struct job *job);

#endif
