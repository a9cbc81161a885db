/* The ledger's records, seen from outside: whose owner lives, what the dead ones held. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct ledger;
struct process;

/* Takes (F_WRLCK) or gives back (F_UNLCK) a record's lock. False where another has it, or we ourselves. */
bool record_lock(const struct ledger *ledger, unsigned index, short type);

enum owner { OWNER_DEAD, OWNER_LIVES, OWNER_UNSEEN };

/* Whether a record's owner lives, that is another process has its lock, or that can't be told. Of a launcher that became its
 * tool: whether that process lives, which is not seen from another PID namespace. */
enum owner record_owner(const struct ledger *ledger, unsigned index, const unsigned char *record);

/* Clears a dead owner's record, whose lock we have, and returns its token. False where that may still be in it, or the owner lives
 * without a lock. */
bool record_reclaim(struct ledger *ledger, const struct jobserver *jobserver, unsigned index);

/* How many were in use when they were last searched. */
uint32_t ledger_used(const struct ledger *ledger);

/* Counts the records that may stand for a token, and the launchers that have one. False where they can't be read. */
bool ledger_count(const struct ledger *ledger, long *tokens, long *launchers);

/* Calls visit with the pid of each run but ours that has a slot: that of a launcher, in its own PID namespace, or of the tool that
 * one became. False where that can't be told of one. */
bool ledger_each_holder(const struct ledger *ledger, void (*visit)(pid_t pid, bool is_tool, void *state), void *state);

/* Whether a launcher has the slot of the job that the process is. */
bool ledger_job_runs(const struct ledger *ledger, const struct process *job);

/* Returns the token of every record whose owner is dead, and clears the record. */
void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver);

/* The same, for the keeper of a queue: where many records are in use it is left to somebody who did it within age_ns.
 * Returns whether it was done. */
bool ledger_reclaim_in_crowd(struct ledger *ledger, const struct jobserver *jobserver, uint64_t age_ns);

/* The same where nobody did it for a second: each launcher does at its end, since make does not look for its tokens. */
void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver);

#endif
