/* Opens a jobserver by its address. */
#ifndef OPENING_H
#define OPENING_H

#include <stdbool.h>

struct auth;
struct jobserver;

/* Opens the jobserver at auth. False, with *why set for people, if that fails. */
bool jobserver_open_auth(struct jobserver *jobserver, const struct auth *auth, const char **why);

/* Opens the FIFO or device at path, which is kept, not copied. As above. */
bool jobserver_open_path(struct jobserver *jobserver, const char *path, const char **why);

/* For the pool that `jobshim run` has noted: the path that opens its ledger, if the ledger was removed and a process above us has it open;
 * else NULL. */
const char *jobserver_ledger_above(const struct jobserver *jobserver);

#endif
