/* Locks on the jobserver's own inode: they need no writable directory, and go with their process, however that ends. The kernel knows
 * processes alone (fcntl(2), F_SETLK; only so does F_GETLK tell the holder): several runs of this process are told apart here. Each
 * lock is one byte far beyond any size; a byte lies between two, since the kernel would make one lock of two that touch. */
#ifndef LOCKS_H
#define LOCKS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

/* One that a run of this process has; `run` is any address that no other run has. */
struct lock {
	off_t at;
	const void *run;
};

struct locks {
	int fd; /* of the jobserver: closing any of its descriptors drops them all */
	struct lock *held;
	size_t count, room;
};

enum lock_outcome {
	LOCK_TAKEN,
	LOCK_ANOTHERS,
	LOCK_UNAVAILABLE, /* locks can't be had at all, or there is no room for one more */
};

/* Takes the lock for the run; a second time it is still one. */
enum lock_outcome locks_take(struct locks *locks, const void *run, off_t at);

/* Gives it back, if the run has it. */
void locks_give_back(struct locks *locks, const void *run, off_t at);

/* Gives back all that the run has. */
void locks_give_back_all(struct locks *locks, const void *run);

/* Looks for a lock that anybody but the run has on one of length bytes. False if there is none, or that can't be told: errno is 0 or
 * says why. */
bool locks_find(const struct locks *locks, const void *run, off_t at, off_t length, struct flock *found);

#endif
