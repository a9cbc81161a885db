/* The implicit slot of a job: a lock (locks.h), which goes with its holder however it ends. */
#ifndef IMPLICIT_H
#define IMPLICIT_H

#include <stdbool.h>
#include <stdint.h>

struct locks;

/* Takes the implicit slot of the job of that key for a run. False if another run has it. To take it again changes nothing. */
bool implicit_take(struct locks *locks, const void *run, uint64_t key);

/* Whether another run has it. */
bool implicit_is_taken(const struct locks *locks, const void *run, uint64_t key);

void implicit_give_back(struct locks *locks, const void *run, uint64_t key);

/* Takes one of `claim` further slots, which are the client's tokens, else the job's own slot: *claimed says which. */
bool implicit_take_any(struct locks *locks, const void *run, uint64_t key, unsigned claim, bool *claimed);

enum {
	HOLDER_UNWATCHED = -1, /* it can't be watched: another PID namespace, an old kernel, or several holders of a claim */
	HOLDER_GONE = -2,   /* the slot is free by now */
	HOLDER_NONE = -3,   /* nobody is watched */
	HOLDER_OURS = -4,   /* another run of this process */
};

/* Finds the holder: a descriptor that polls readable when that process ends, or one of these. */
int implicit_watch(const struct locks *locks, const void *run, uint64_t key, unsigned claim);

#endif
