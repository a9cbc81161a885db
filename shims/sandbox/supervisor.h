/* The supervisor of a job sandbox: one process for all programs that start in it. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>

struct self;

/* `look supervise CONTROL SOCKET`: takes one listener at SOCKET, and answers for it. CONTROL is a descriptor that is a socket to who
 * started us: "ready" or why not is its first line; each byte that it sends is sent back, which tells that we are not stopped. Once it
 * closes, and the process that entered the sandbox has ended, no tool waits any more, and none takes a slot: our successor lets everything go
 * on. */
bool supervisor_work(const struct self *self, char *const words[]);

#endif
