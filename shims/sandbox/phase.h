/* The supervisor of an ebuild's phase. Nobody runs a `jobshim run` there, so one process more does what that does for a supervisor. */
#ifndef PHASE_H
#define PHASE_H

#include <stdbool.h>

struct self;

/* `look phase PID SOCKET`: starts a supervisor that takes one listener at SOCKET, and returns once it can. A guard stays beside it: it lets
 * all tools go on when the shell PID ends, and kills a supervisor that stands still. False: a line on stderr has said why there is no
 * sandbox. */
bool phase_begin(const struct self *self, char *const words[]);

#endif
