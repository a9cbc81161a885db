/* Gives the pool of a `jobshim run` slots of the machine's pool: as many as it uses, and one more (offer.h), up to what -j says. */
#ifndef FEEDER_H
#define FEEDER_H

#include <stdbool.h>

struct self;

/* The words are the paths of the machine's FIFO and of the run's, and how many slots the run may have, with that of its command. Waits for
 * that one, and then closes stdout. Ends once stdin has ended, and the process whose pid came on it, a line, and the machine has all back. If
 * a launcher that outlives the command has a token, that is as soon as it has ended. */
bool feeder_work(const struct self *self, char *const words[]);

#endif
