/* The lock of a server's FIFO, for `jobshim serve`, since Node has no such call. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

struct self;

/* Locks the file at descriptor 3, and answers `locked`, or `taken` if another process has the lock. The lock belongs to the open file: it
 * stays as long as our parent has that open. False on error. */
bool lock_take(const struct self *self, char *const words[]);

#endif
