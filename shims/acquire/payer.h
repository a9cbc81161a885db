/* Who pays for a client that came past its adapter: a launcher that has a slot for it as long as it runs. */
#ifndef PAYER_H
#define PAYER_H

#include <stdbool.h>

struct jobserver;
struct process;
struct self;

/* Starts one for client; above: launchers above this process. Returns a descriptor that polls readable once payer_pays() can tell; -1 if none
 * can be started. */
int payer_start(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above);

/* Whether it has the slot, or somebody else pays; false if it has ended before: then nobody pays. Closes the descriptor. */
bool payer_pays(int told);

#endif
