/* A ledger's records, as others read them: one for each launcher that waits for a slot or has one. A record's OFD lock tells that its owner
 * lives; if a launcher became its tool, the pid does. */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

struct ledger;
struct process;

/* Takes a record's lock. False if another process has it, or this process itself. */
bool record_lock(struct ledger *ledger, unsigned index);
void record_unlock(struct ledger *ledger, unsigned index);

/* How many locks this process has. */
unsigned records_locked(const struct ledger *ledger);

/* Where a record lies in the file. */
off_t record_offset(unsigned index);

/* Reads a record as it is in the file. False if that can't be read. */
bool record_read(const struct ledger *ledger, unsigned index, struct ledger_record *record);

/* Whether it was written before the process started: then the pid that it has was another process's. */
bool record_is_older(const struct ledger_record *record, const struct process *process);

enum owner { OWNER_DEAD, OWNER_LIVES, OWNER_UNKNOWN };

/* Whether a record's owner lives. If a launcher became its tool: whether that process lives, which is unknown in another PID namespace. */
enum owner record_owner(const struct ledger *ledger, unsigned index, const struct ledger_record *record);

/* Calls visit with each record in use, as it is in the file. False if that can't be read. */
bool records_each(const struct ledger *ledger, void (*visit)(unsigned index, const struct ledger_record *record, void *state),
                  void *state);

/* Counts the records that may stand for a token, and those that somebody has the lock of. False if they can't be read. */
bool records_count(const struct ledger *ledger, long *tokens, long *locked);

/* Calls visit for each run that has a slot, except that of record `but`, with the pid of its launcher, in the launcher's own PID namespace,
 * or of the tool itself (record_is_tools()). False if one of them is not known. */
bool records_each_holder(const struct ledger *ledger, unsigned but, void (*visit)(pid_t pid, bool is_tool, void *state), void *state);

/* Whether its pid is that of the tool itself, and means the same here: its launcher became the tool, or the supervisor of a sandbox has it. */
bool record_is_tools(const struct ledger_record *record);

enum process_state { PROCESS_WITHOUT_RECORD, PROCESS_WAITS, PROCESS_HAS_SLOT };

/* What the record of a process says: of a launcher, or of a tool in a sandbox, for which its supervisor has it. *since_ns: since when
 * (CLOCK_MONOTONIC), if there is one. */
enum process_state records_state_of(const struct ledger *ledger, pid_t pid, uint64_t *since_ns);

/* Whether it is of a tool in a sandbox that has a slot, as its supervisor says, and its pid means the same here. */
bool record_is_supervised(const struct ledger_record *record);

/* Whether the process is such a tool. */
bool records_have_tool(const struct ledger *ledger, const struct process *process);

/* Whether a launcher has the slot of the job that the process is. */
bool records_have_job(const struct ledger *ledger, const struct process *job);

#endif
