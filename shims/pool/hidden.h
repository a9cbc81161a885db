/* A pool that `jobshim run` has named, and that we can't reach, since another mount namespace, root or user hides it: all tools that it is
 * hidden from share one slot, unless a client above them, from which it is not hidden, has paid for theirs. */
#ifndef HIDDEN_H
#define HIDDEN_H

#include <stdbool.h>

struct jobserver;
struct self;

/* "JOBSHIM_TREE=..." for what a client of the pool starts: it is paid for. NULL if no `jobshim run` has noted where the pool was
 * named. */
char *hidden_paid(void);

/* Whether the jobserver, however it was opened, is the pool that was named. */
bool hidden_names(const struct jobserver *jobserver);

/* Whether it is another one, made at a place at which the one that was named is likely hidden; its `denied` tells of that one. */
bool hidden_by(const struct jobserver *jobserver);

/* Whether the jobserver could not be opened, and that is no proof that it is gone: it is another user's, or was named in another file
 * tree than ours. True if ours can't be told, false if no `jobshim run` has noted where it was named. */
bool hidden_is_likely(const struct jobserver *jobserver);

/* Whether no client and no launcher between `jobshim run` and us has paid for us; above: launchers above us. */
bool hidden_is_unpaid(const struct jobserver *jobserver, unsigned above);

/* Waits for the slot, five seconds at most. Returns a descriptor that has it as long as it is open; -1: it was not to be had. */
int hidden_take(const struct self *self);

#endif
