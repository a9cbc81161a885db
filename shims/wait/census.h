/* How many tokens can rightly be out: what is out beyond that was lost with a killed client (docs/protocol.md). */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct ledger;

struct census {
	bool blind;     /* somebody may hold tokens that can't be told */
	char why[160];  /* blind: who, for people */
	long held;      /* at most so many tokens are held by living processes */
	int free;       /* tokens in the pool; -1 where it was not the same before and after the look */
};

/* Looks. What it says holds only where no token was moved meanwhile: the caller sees to that, by the FIFO's mtime. */
void census_take(const struct jobserver *jobserver, struct ledger *ledger, struct census *census);

/* The clients of the jobserver, in *clients until the next look. -1 where somebody runs in a slot, or may do so, for whom
 * neither a record nor a client stands. */
long census_clients(const struct jobserver *jobserver, struct ledger *ledger, const pid_t **clients);

/* Calls visit for each process that can be seen to have, or to have been told of, a jobserver of which it may hold a token without a
 * record: clients, and programs that are not known. What hides what it has open is left out: on some machines init does, and on most
 * the daemons of root. False where /proc does not show all processes. */
bool census_each_suspect(const struct jobserver *jobserver, struct ledger *ledger, void (*visit)(pid_t pid, void *state),
                         void *state);

#endif
