/* The token that a dead launcher had. */
#ifndef DEADTOKEN_H
#define DEADTOKEN_H

#include <stdbool.h>

struct jobserver;
struct ledger;
struct ledger_record;

/* Writes the token in a dead owner's record back to the pool, if there is one. True if the record holds none now. */
bool dead_token_return(const struct ledger *ledger, const struct jobserver *jobserver, unsigned index,
                       const struct ledger_record *record);

#endif
