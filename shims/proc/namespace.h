/* Our PID namespace, by the inode number that /proc gives it: what a pid in a record means is told by it. */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include <stdint.h>

/* It, or 0 where /proc does not tell. To ask for it takes a process' first look into its own part of /proc: 30 microseconds. */
uint64_t pid_namespace(void);

/* Has it asked of our parent, whose part of /proc was looked into before: 8 microseconds. A parent that we see is in our own. */
void pid_namespace_by_parent(void);

/* Has it be what is known already. */
void pid_namespace_is(uint64_t namespace);

#endif
