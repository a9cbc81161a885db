/* The payer for a client that did not come through its adapter: a launcher that holds a slot for the client as long as it runs. */
#ifndef PAYER_H
#define PAYER_H

#include <stdbool.h>

struct jobserver;
struct process;
struct self;

/* Starts a payer for client; above: launchers above this process. Returns a descriptor that polls readable once payer_pays() knows; -1 if
 * none can be started. */
int payer_start(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above);

/* Whether the payer has the slot, or another process pays; false if it ended before: then nobody pays. Closes the descriptor. */
bool payer_pays(int told);

#endif
