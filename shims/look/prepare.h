/* A pool of our own: its FIFO, made and filled, and how many tokens it shall have. */
#ifndef PREPARE_H
#define PREPARE_H

#include <stdbool.h>

struct self;

/* Makes the FIFO words[0] (0600), empty; none where that is empty. Answers the style of jobserver that the make on PATH reads (fifo,
 * pipe, legacy). Both in one call, so that `run` starts one process. False on error. */
bool pool_prepare(const struct self *self, char *const words[]);

/* Fills the FIFO that stdin is for as many jobs as MAKEOPTS asks for; for one without -j, as make; for words[0] where -j has no
 * number. Prints them and the load of its -l, if there is one: "8 7.5". False on error, which is told. */
bool pool_fill(const struct self *self, char *const words[]);

#endif
