/* A ledger's records, seen from outside: one for each launcher that waits for a slot or has one. Whether its owner lives is told by the
 * record's OFD lock alone; of a launcher that became its tool, by its pid. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

struct ledger;
struct process;

/* Takes a record's lock. False if another has it, or this process itself. */
bool record_lock(struct ledger *ledger, unsigned index);
void record_unlock(struct ledger *ledger, unsigned index);

/* How many locks this process has. */
unsigned records_locked(const struct ledger *ledger);

/* Where a record lies in the file. */
off_t record_offset(unsigned index);

/* Reads a record as it is in the file. False if that can't be read. */
bool record_read(const struct ledger *ledger, unsigned index, struct ledger_record *record);

enum owner { OWNER_DEAD, OWNER_LIVES, OWNER_UNSEEN };

/* Whether a record's owner lives, or that can't be told. Of a tool that its launcher became: whether that process lives, which is
 * not seen from another PID namespace. */
enum owner record_owner(const struct ledger *ledger, unsigned index, const struct ledger_record *record);

/* Calls visit with each record in use, as it is in the file. False if that can't be read. */
bool records_each(const struct ledger *ledger, void (*visit)(unsigned index, const struct ledger_record *record, void *state),
                  void *state);

/* Counts the records that may stand for a token, and the launchers that have one. False if they can't be read. */
bool records_count(const struct ledger *ledger, long *tokens, long *launchers);

/* Calls visit with the pid of each run but that of record `but` that has a slot: that of a launcher, in its own PID namespace, or of the
 * tool that one became. False if that can't be told of one. */
bool records_each_holder(const struct ledger *ledger, unsigned but, void (*visit)(pid_t pid, bool is_tool, void *state), void *state);

/* Whether a launcher has the slot of the job that the process is. */
bool records_have_job(const struct ledger *ledger, const struct process *job);

#endif
