/* Takes back what dead launchers held: their tokens, and their records. */
#ifndef RECLAIM_H
#define RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Clears a dead owner's record, whose lock we have, and returns its token. False if that may still be in it, or the owner lives
 * without a lock. */
bool record_reclaim(struct ledger *ledger, const struct jobserver *jobserver, unsigned index);

/* Does so with every record whose owner is dead. */
void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver);

/* The same, for the keeper of a queue: if many records are in use it is left to somebody who did it within age_ns.
 * Returns whether it was done. */
bool ledger_reclaim_in_crowd(struct ledger *ledger, const struct jobserver *jobserver, uint64_t age_ns);

/* The same if nobody did it for a second: each launcher does at its end, since make does not look for its tokens. */
void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver);

/* How many records were in use when they were last searched. */
uint32_t ledger_used(const struct ledger *ledger);

#endif
