/* Takes back the tokens and records of dead launchers. */
#ifndef RECLAIM_H
#define RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Clears a dead owner's record, whose lock we have, and returns its token to the pool. False if the token may still be in it, or the owner
 * lives without a lock. */
bool record_reclaim(struct ledger *ledger, const struct jobserver *jobserver, unsigned index);

/* Does so with every record whose owner is dead. */
void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver);

/* The same, for the keeper of a queue: not done if many records are in use and another process did it within age_ns. Returns whether it was
 * done. */
bool ledger_reclaim_in_crowd(struct ledger *ledger, const struct jobserver *jobserver, uint64_t age_ns);

/* The same if nobody did it for a second. Each launcher does it at its end, since make does not look for lost tokens. */
void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver);

/* How many records were in use when they were last searched. */
uint32_t ledger_used(const struct ledger *ledger);

#endif
