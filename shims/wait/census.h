/* How many tokens can rightly be out: what is out beyond that was lost with a killed client (docs/protocol.md). */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <sys/types.h>

#include "wait/outcome.h"

struct jobserver;
struct ledger;

/* Counts. The result holds only if no token was moved meanwhile: the caller sees to that, by the FIFO's mtime. */
void census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census);

/* The clients of the jobserver, in *clients until the next census. -1 if a process runs in a slot, or may do so, for which
 * neither a record nor a client stands. */
long census_clients(const struct jobserver *jobserver, struct ledger *ledger, const pid_t **clients);

/* Calls visit for each process that has a jobserver open, or was told of it, and may hold a token of it without a record: clients, and
 * programs that are not known. A process that hides what it has open is left out: on some machines init does, and on most the daemons of
 * root. False if /proc does not show all processes. */
bool census_each_suspect(const struct jobserver *jobserver, struct ledger *ledger, void (*visit)(pid_t pid, void *state),
                         void *state);

#endif
