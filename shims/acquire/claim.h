/* Tokens that a client has taken for the program it runs, as the kernel's scripts/jobserver-exec does: PARALLELISM says how many slots
 * these are with its own. */
#ifndef CLAIM_H
#define CLAIM_H

struct job;
struct jobserver;
struct ledger;
struct subject;

/* How many tokens the job's client has for it. 0 where nothing says so for certain: it is a client that we know, which starts each
 * child in one slot, or PARALLELISM was set above it, or by nobody, or says more than are not free. */
unsigned claim_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
