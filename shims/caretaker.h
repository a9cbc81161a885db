/* The one process that looks after a pool, and at the tools of a command, for as long as `jobshim run` or `serve` lives. It sleeps
 * while all tokens are free: nobody can miss one. */
#ifndef CARETAKER_H
#define CARETAKER_H

#include <stdbool.h>

struct self;

/* words: the path of the FIFO to be made, and how many tokens it gets; an empty path: there is no pool to look after.
 *
 * Prints a line with the style of jobserver that the make on PATH reads (fifo, pipe, legacy), or `failed` and the number of the
 * error (errno). Then it reads words from stdin, each ended by a NUL:
 *
 *   tend PATH DEVICE INODE   look after the pool, whose FIFO is at PATH by now and has its ledger beside it
 *   watch PID FILE ADDRESS   look at the tools below the process, and write what is seen, and the jobserver's address, to FILE
 *   resize                   the ledger has a new size for the pool
 *   count                    print `free N`, the number of free tokens, -1 where it can't be told
 *   end                      write what was seen, and end
 *
 * While it looks after a pool it prints lines: `restored N` and `surplus N` (tokens), `gone`: the FIFO is no more at its path.
 * Where stdin ends it ends once the process that it watches has ended, or at once. False on error. */
bool caretaker_work(const struct self *self, char *const words[]);

#endif
