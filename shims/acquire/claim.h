/* Tokens that a client holds for the program it runs, as the kernel's scripts/jobserver-exec does: PARALLELISM is their number, and one for
 * its own slot. */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>

struct job;
struct jobserver;
struct ledger;
struct subject;

/* Whether this process was told of some, by whomever. */
bool claim_is_likely(void);

/* How many tokens the job's client holds for it. 0 unless that is certain: not for a client that we know, which starts each child in one
 * slot, nor if PARALLELISM was set above the client, is not set, or is more than the tokens that are not free. */
unsigned claim_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
