#include "pool/locks.h"

#include <errno.h>
#include <unistd.h>

static struct flock flock_of(off_t at, off_t length, short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = length };
}

static struct lock *held_at(const struct locks *locks, off_t at)
{
	for (size_t i = 0; i < locks->count; i++)
		if (locks->held[i].at == at)
			return &locks->held[i];
	return NULL;
}

enum lock_outcome locks_take(struct locks *locks, const void *run, off_t at)
{
	struct flock lock = flock_of(at, 1, F_WRLCK);
	const struct lock *held = held_at(locks, at);

	if (held != NULL)
		return held->run == run ? LOCK_TAKEN : LOCK_ANOTHERS;
	if (locks->count == locks->room)
		return LOCK_UNAVAILABLE;
	if (fcntl(locks->fd, F_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES ? LOCK_ANOTHERS : LOCK_UNAVAILABLE;
	locks->held[locks->count++] = (struct lock){ .at = at, .run = run };
	return LOCK_TAKEN;
}

static void give_back(struct locks *locks, struct lock *held)
{
	struct flock lock = flock_of(held->at, 1, F_UNLCK);

	fcntl(locks->fd, F_SETLK, &lock);
	*held = locks->held[--locks->count];
}

void locks_give_back(struct locks *locks, const void *run, off_t at)
{
	struct lock *held = held_at(locks, at);

	if (held != NULL && held->run == run)
		give_back(locks, held);
}

void locks_give_back_all(struct locks *locks, const void *run)
{
	for (size_t i = locks->count; i > 0; i--)
		if (locks->held[i - 1].run == run)
			give_back(locks, &locks->held[i - 1]);
}

bool locks_find(const struct locks *locks, const void *run, off_t at, off_t length, struct flock *found)
{
	errno = 0;
	if (length <= 0)
		return false;
	for (size_t i = 0; i < locks->count; i++) {
		const struct lock *held = &locks->held[i];

		if (held->run == run || held->at < at || held->at - at >= length)
			continue;
		*found = flock_of(held->at, 1, F_WRLCK);
		found->l_pid = getpid();
		return true;
	}
	*found = flock_of(at, length, F_WRLCK);
	return fcntl(locks->fd, F_GETLK, found) == 0 && found->l_type != F_UNLCK;
}
