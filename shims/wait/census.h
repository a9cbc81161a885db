/* How many tokens living processes can hold at most. If more are out of the pool, the rest was lost with a killed client
 * (docs/protocol.md). */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <sys/types.h>

#include "wait/outcome.h"

struct jobserver;
struct ledger;

/* Takes a census. Its result holds only if no token was moved meanwhile; the caller checks that, by the FIFO's mtime. */
void census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census);

/* Finds the clients of the jobserver. They stay in *clients until the next census. -1 if a process may run in a slot that belongs neither
 * to a record nor to a client. */
long census_clients(const struct jobserver *jobserver, struct ledger *ledger, const pid_t **clients);

/* Calls visit for each process that may hold a token without a record: clients and unknown programs that have the jobserver open, or have
 * it in their environment. Processes that hide their descriptors are left out, such as daemons of root. False if /proc does not show all
 * processes. */
bool census_each_suspect(const struct jobserver *jobserver, struct ledger *ledger, void (*visit)(pid_t pid, void *state),
                         void *state);

#endif
