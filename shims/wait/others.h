/* Whether all others in the pool are idle. */
#ifndef OTHERS_H
#define OTHERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Whether no tool runs in a slot of its own, and all that the jobserver's clients have started belongs to the count jobs of keys, whose
 * slots are ours. False also if that is not known. Check several times: a client may be about to start something. */
bool others_idle(const struct jobserver *jobserver, struct ledger *ledger, const uint64_t *keys, size_t count);

#endif
