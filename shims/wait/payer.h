/* Who pays for a client that came past its adapter: a launcher that has a slot for it as long as it runs. */
#ifndef PAYER_H
#define PAYER_H

#include <signal.h>
#include <stdbool.h>

struct jobserver;
struct process;
struct self;

/* Starts one for client, and returns once it has the slot, or somebody else pays; above: launchers above us. Signals of waiting (NULL:
 * the mask as it is) act meanwhile. False where it can't be started, or has ended before: then nobody pays. */
bool payer_start(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above,
                 const sigset_t *waiting);

#endif
