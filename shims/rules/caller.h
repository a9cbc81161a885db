/* Facts about the caller that a run with rules stores in the ledger, for the next run of the same caller: most builds start all runs from
 * one process, and to find these facts out costs more than all gates. Call these with the contenders' lock (contenders.h). */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>

struct job;
struct ledger;

/* Forgets what is stored about another caller. */
void caller_meet(struct ledger *ledger, const struct job *job);

/* Sets our PID namespace, which is our caller's. */
void caller_set_namespace(struct ledger *ledger);

/* Whether a run of the caller was in no group with a limit of memory, at most a second ago; notes that ours is in none. A caller with pid 0
 * is not visible to us, and counts as unknown: another such caller has the same pid. */
bool caller_is_unlimited(const struct ledger *ledger);
void caller_tell_unlimited(struct ledger *ledger);

#endif
