/* The lock of a server's FIFO, for `jobshim serve`: Node has no such call. */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

struct self;

/* Locks the file that we got as descriptor 3, and answers `locked`, or `taken`: somebody else has the lock. It
 * belongs to the open file: it stays for as long as whoever gave it to us has that open. False on error. */
bool lock_take(const struct self *self, char *const words[]);

#endif
