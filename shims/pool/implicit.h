/* The implicit slot of a job: a lock on the jobserver's inode, which goes with its holder however that ends. */
#ifndef IMPLICIT_H
#define IMPLICIT_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;

/* Takes the implicit slot of the job of that key. False where another has it; taken twice it is still one. */
bool implicit_take(const struct jobserver *jobserver, uint64_t key);

/* Whether another process has it. */
bool implicit_is_taken(const struct jobserver *jobserver, uint64_t key);

void implicit_give_back(const struct jobserver *jobserver, uint64_t key);

enum { HOLDER_UNSEEN = -1, HOLDER_GONE = -2, HOLDER_NONE = -3 };

/* The same of one of `claim` more slots, which its client's tokens are, or else of its own: *claimed tells which. */
bool implicit_take_any(const struct jobserver *jobserver, uint64_t key, unsigned claim, bool *claimed);

/* Who holds it: a descriptor that polls readable when that process ends; HOLDER_GONE where the slot is free by now,
 * HOLDER_UNSEEN where its holder can't be watched (another PID namespace, an old kernel), or there are several with a claim. */
int implicit_watch(const struct jobserver *jobserver, uint64_t key, unsigned claim);

#endif
