#include "implicit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "jobserver.h"
#include "process.h"

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

int implicit_watch(const struct jobserver *jobserver, uint64_t key)
{
#if defined JOBSHIM_NAIVE
	(void)jobserver;
	(void)key;
	return HOLDER_UNSEEN;
#else
	struct flock lock = lock_of(key, F_WRLCK);
	int holder;

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
