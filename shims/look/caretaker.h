/* The one process that looks after a pool, and watches the tools of a command, as long as `jobshim run` or `serve` lives. It sleeps while
 * all tokens are free: then none can be lost. */
#ifndef CARETAKER_H
#define CARETAKER_H

#include <stdbool.h>

struct self;

/* Reads words from stdin, each ended by a NUL, and does what they say:
 *
 *   tend PATH DEVICE INODE   look after the pool, whose FIFO is at PATH and has its ledger beside it
 *   stay PID                 stay until the process has ended, should stdin end before
 *   watch FILE ADDRESS       look at the tools below that process, and write the results, and the jobserver's address, to FILE
 *   count                    print `free N`, the number of free tokens, -1 if not known
 *   end                      write the results, and end
 *
 * While it looks after a pool it prints lines: `restored N` and `surplus N` (tokens), `gone`: the FIFO is no more at its path.
 * When stdin ends, it ends once the process that it stays for has ended, or at once. False on error. */
bool caretaker_work(const struct self *self, char *const words[]);

#endif
