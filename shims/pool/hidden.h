/* A pool that `jobshim run` has named, but that we can't reach, in another mount namespace, root or as another user. All tools that can't
 * reach it share one slot, unless a client above them that can reach it has paid for theirs. */
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

/* Whether the jobserver is another one, made where the one that was named is likely hidden; its `denied` is about the latter. */
bool hidden_by(const struct jobserver *jobserver);

/* Whether the jobserver could not be opened, but may still exist: it is another user's, or was named in another file tree than ours. True
 * if our tree is not known, false if no `jobshim run` has noted its own. */
bool hidden_is_likely(const struct jobserver *jobserver);

/* Whether no client and no launcher between `jobshim run` and us has paid for us; above: launchers above us. */
bool hidden_is_unpaid(const struct jobserver *jobserver, unsigned above);

/* Waits for the slot, five seconds at most. Returns a descriptor that holds it as long as it is open; -1: the slot was not free. */
int hidden_take(const struct self *self);

#endif
