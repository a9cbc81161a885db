/* Which jobserver a tool run obeys. */
#ifndef FIND_H
#define FIND_H

#include <stdbool.h>

struct jobserver;

/* Finds and opens the jobserver, the first that can be opened: JOBSHIM_JOBSERVER, that of an adapter above us, MAKEFLAGS,
 * CARGO_MAKEFLAGS, an ancestor `jobshim run`. False, with *why set for people, if there is none: *why is that of the first that was named. */
bool jobserver_open(struct jobserver *jobserver, const char **why);

#endif
