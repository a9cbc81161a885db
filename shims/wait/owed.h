/* Slots that nobody has paid for: a client that no client started, and that came past its adapter, or has none, believes that it owns
 * one. The first run below it finds that out, and sees to it that it is paid for. */
#ifndef OWED_H
#define OWED_H

#include <signal.h>
#include <stdbool.h>

struct job;
struct jobserver;
struct ledger;
struct process;
struct record;
struct self;
struct slot;

/* For a run that has its job's own slot, before it starts. True if it must pay itself: *job is then the client's own job, of which it
 * takes a slot, too. */
bool owed_find(const struct self *self, struct job *job, const struct jobserver *jobserver, const struct ledger *ledger,
               const sigset_t *waiting);

/* Takes a slot of the job, as slot_take() does, and sees to what is owed for it: *job is then the one whose slot it is. */
struct slot owed_take(const struct self *self, struct job *job, const struct jobserver *jobserver, struct record *record,
                      const sigset_t *waiting, double patience, bool keep_place);

/* Takes the lock that tells others that we pay for client; it goes with us. False where somebody else has it. */
bool owed_lock(const struct jobserver *jobserver, const struct process *client);

#endif
