/* Finds the jobserver that a tool run obeys. */
#ifndef FIND_H
#define FIND_H

#include <stdbool.h>

struct jobserver;

/* Opens the first jobserver that can be opened: JOBSHIM_JOBSERVER, that of an adapter above us, MAKEFLAGS, CARGO_MAKEFLAGS, an ancestor
 * `jobshim run`. False if there is none: *why then says, for people, why the first one that was named can't be opened. */
bool jobserver_open(struct jobserver *jobserver, const char **why);

#endif
