/* Slots that nobody has paid for: a client that no client started, and that has no adapter, believes that it owns one. */
#ifndef OWED_H
#define OWED_H

struct job;
struct jobserver;
struct ledger;

/* Our caller is such a client: unless another of its children has done so, we pay for one of them, with a slot of the client's
 * own job. */
void owed_find(struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
