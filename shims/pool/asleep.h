/* Whether a client sleeps in the call in which it waits for its children: then it holds no token that it is about to use
 * (src/contract/clients.ts). */
#ifndef ASLEEP_H
#define ASLEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

/* Whether the first thread of pid sleeps in that call; false also if that is not known. *runs counts how often it was on a processor: while
 * that number is the same, the thread has not run. */
bool is_asleep(pid_t pid, enum client_sleep call, uint64_t *runs);

#endif
