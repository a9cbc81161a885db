/* Whether a client sleeps in the call in which it waits for its children: then it has no token in its hand (src/contract/clients.ts). */
#ifndef ASLEEP_H
#define ASLEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

/* Whether the first thread of pid sleeps in that call; false also if that can't be told. *runs is how often it has been on a
 * processor: as long as it is the same, the thread has not run in between. */
bool is_asleep(pid_t pid, enum client_sleep call, uint64_t *runs);

#endif
