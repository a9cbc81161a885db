/* A member of the machine's pool that takes nothing: by it a `jobshim run` is one of the pool's users. */
#ifndef MEMBER_H
#define MEMBER_H

#include <stdbool.h>

struct self;

/* Joins. The word is how many tokens the pool gets if nobody uses it; 0: one for each processor. Leaves once stdin has ended, and the process
 * whose pid came on it, a line: that one may outlive who has started us. */
bool member_work(const struct self *self, char *const words[]);

#endif
