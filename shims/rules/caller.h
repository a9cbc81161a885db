/* What a run with rules found out and the ledger keeps for the next one that the same process starts: most builds start all
 * from one, and to ask costs more than all gates. To be called with the lock of the contenders (contenders.h). */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>

struct job;
struct ledger;

/* Forgets what is known of another caller. */
void caller_meet(struct ledger *ledger, const struct job *job);

/* Sets our PID namespace, which is our caller's. */
void caller_set_namespace(struct ledger *ledger);

/* Whether a run of the caller's was in no group with a limit of memory, at most a second ago; that ours is not. Of a caller that can't
 * be seen, whose pid is 0, nothing is believed: another one has the same. */
bool caller_is_unlimited(const struct ledger *ledger);
void caller_tell_unlimited(struct ledger *ledger);

#endif
