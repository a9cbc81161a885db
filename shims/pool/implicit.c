#include "pool/implicit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pool/locks.h"
#include "ground/hash.h"
#include "proc/process.h"

static const off_t IMPLICIT_BASE = (off_t)1 << 61;

static off_t place_of(uint64_t key)
{
	return IMPLICIT_BASE + (off_t)(key << 1 & 0x0fffffffffffffffULL);
}

bool implicit_take(struct locks *locks, const void *run, uint64_t key)
{
	return locks_take(locks, run, place_of(key)) == LOCK_TAKEN;
}

void implicit_give_back(struct locks *locks, const void *run, uint64_t key)
{
	locks_give_back(locks, run, place_of(key));
}

bool implicit_is_taken(const struct locks *locks, const void *run, uint64_t key)
{
	struct flock found;

	return locks_find(locks, run, place_of(key), 1, &found);
}

/* Of the one with number index, from 1, of the claim. */
static uint64_t claimed_key(uint64_t key, unsigned index)
{
	return hash(key, &index, sizeof index);
}

bool implicit_take_any(struct locks *locks, const void *run, uint64_t key, unsigned claim, bool *claimed)
{
	*claimed = true;
	for (unsigned index = claim; index > 0; index--)
		if (implicit_take(locks, run, claimed_key(key, index)))
			return true;
	*claimed = false;
	return implicit_take(locks, run, key);
}

/* Finds the holder's lock: HOLDER_NONE if it is in *found, else HOLDER_GONE or HOLDER_UNWATCHED. */
static int find_holder(const struct locks *locks, const void *run, uint64_t key, struct flock *found)
{
	if (locks_find(locks, run, place_of(key), 1, found))
		return HOLDER_NONE;
	return errno == 0 ? HOLDER_GONE : HOLDER_UNWATCHED;
}

int implicit_watch(const struct locks *locks, const void *run, uint64_t key, unsigned claim)
{
	struct flock found;
	int holder;

	for (unsigned index = 1; index <= claim; index++)
		if (find_holder(locks, run, claimed_key(key, index), &found) == HOLDER_GONE)
			return HOLDER_GONE;
	holder = find_holder(locks, run, key, &found);
	if (holder != HOLDER_NONE)
		return holder;
	if (claim > 0 || found.l_pid <= 0)
		return HOLDER_UNWATCHED;
	if (found.l_pid == getpid())
		return HOLDER_OURS;
	holder = process_open(found.l_pid);
	if (holder < 0)
		return errno == ESRCH ? HOLDER_GONE : HOLDER_UNWATCHED;
	return holder;
}
