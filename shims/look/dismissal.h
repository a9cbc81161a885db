/* The end of a run that was interrupted: what still waits for a slot below it is ended, since nobody wants it any more. */
#ifndef DISMISSAL_H
#define DISMISSAL_H

#include <stdbool.h>

struct self;

/* words: the run, as ENV_RUN names it; empty: all that waits in the pool around is below it. Prints how many have ended. */
bool dismissal_work(const struct self *self, char *const words[]);

#endif
