#include "pool/implicit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "ground/hash.h"
#include "proc/process.h"

/* The lock is process-owned, so that F_GETLK tells the holder. */
static const off_t IMPLICIT_BASE = (off_t)1 << 61;

static struct flock lock_of(uint64_t key, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = IMPLICIT_BASE + (off_t)(key << 1 & 0x0fffffffffffffffULL),
		.l_len = 1,
	};
}

bool implicit_take(const struct jobserver *jobserver, uint64_t key)
{
	struct flock lock = lock_of(key, F_WRLCK);

	return fcntl(jobserver->write_fd, F_SETLK, &lock) == 0;
}

void implicit_give_back(const struct jobserver *jobserver, uint64_t key)
{
	struct flock lock = lock_of(key, F_UNLCK);

	fcntl(jobserver->write_fd, F_SETLK, &lock);
}

bool implicit_is_taken(const struct jobserver *jobserver, uint64_t key)
{
	struct flock lock = lock_of(key, F_WRLCK);

	return fcntl(jobserver->write_fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Of the one with number index, from 1, of the claim. */
static uint64_t claimed_key(uint64_t key, unsigned index)
{
	return hash(key, &index, sizeof index);
}

bool implicit_take_any(const struct jobserver *jobserver, uint64_t key, unsigned claim, bool *claimed)
{
	*claimed = true;
	for (unsigned index = claim; index > 0; index--)
		if (implicit_take(jobserver, claimed_key(key, index)))
			return true;
	*claimed = false;
	return implicit_take(jobserver, key);
}

/* Whether nobody has it. */
static bool is_free(const struct jobserver *jobserver, uint64_t key)
{
	struct flock lock = lock_of(key, F_WRLCK);

	return fcntl(jobserver->write_fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

int implicit_watch(const struct jobserver *jobserver, uint64_t key, unsigned claim)
{
#if defined JOBSHIM_NAIVE
	(void)jobserver;
	(void)key, (void)claim;
	return HOLDER_UNSEEN;
#else
	struct flock lock = lock_of(key, F_WRLCK);
	int holder;

	for (unsigned index = 1; index <= claim; index++)
		if (is_free(jobserver, claimed_key(key, index)))
			return HOLDER_GONE;
	if (claim > 0)
		return is_free(jobserver, key) ? HOLDER_GONE : HOLDER_UNSEEN;
	if (fcntl(jobserver->write_fd, F_GETLK, &lock) < 0)
		return HOLDER_UNSEEN;
	if (lock.l_type == F_UNLCK)
		return HOLDER_GONE;
	if (lock.l_pid <= 0)
		return HOLDER_UNSEEN;
	holder = process_open(lock.l_pid);
	if (holder < 0)
		return errno == ESRCH ? HOLDER_GONE : HOLDER_UNSEEN;
	return holder;
#endif
}
