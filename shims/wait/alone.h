/* Whether nobody else runs anything in the pool. */
#ifndef ALONE_H
#define ALONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobserver;
struct ledger;

/* Whether all that the jobserver's clients have started is in the count jobs of keys, whose slots are ours, and no tool runs
 * in a slot of its own. False also where that can't be told. It holds where it does for some time: a client may be about to
 * start something. */
bool is_alone(const struct jobserver *jobserver, struct ledger *ledger, const uint64_t *keys, size_t count);

#endif
