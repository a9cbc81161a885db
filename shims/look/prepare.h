/* Prepares a pool of our own: makes and fills its FIFO, and tells how many tokens it is to have. */
#ifndef PREPARE_H
#define PREPARE_H

#include <stdbool.h>

struct self;

/* Makes the FIFO words[0] (0600), without tokens; none if that word is empty. Answers the style of jobserver that the make on PATH reads
 * (fifo, pipe, legacy). Both in one call, so that `run` starts one process. False on error. */
bool pool_prepare(const struct self *self, char *const words[]);

/* Fills the FIFO at stdin for the jobs of MAKEOPTS: one without -j, as for make; words[0] if -j has no number. Prints the number and the
 * load of -l, if there is one: "8 7.5". False, with a report, on error. */
bool pool_fill(const struct self *self, char *const words[]);

#endif
