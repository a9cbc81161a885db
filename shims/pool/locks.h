/* Locks on the jobserver's own inode: they need no writable directory, and the kernel drops them when their process ends. They are locks of
 * the process (fcntl(2), F_SETLK), since only these tell their holder by F_GETLK; this file tells several runs of the process apart. Each
 * lock is one byte far beyond the file's size. A byte lies between two locks, since the kernel would merge two that touch. */
#ifndef LOCKS_H
#define LOCKS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

/* A lock that a run of this process has; `run` is any address that no other run has. */
struct lock {
	off_t at;
	const void *run;
};

struct locks {
	int fd; /* the jobserver's: closing any descriptor of it drops all locks */
	struct lock *held;
	size_t count, room;
};

enum lock_outcome {
	LOCK_TAKEN,
	LOCK_ANOTHERS,
	LOCK_UNAVAILABLE, /* no locks are possible, or there is no room for one more */
};

/* Takes the lock for the run. To take it again changes nothing. */
enum lock_outcome locks_take(struct locks *locks, const void *run, off_t at);

/* Gives it back, if the run has it. */
void locks_give_back(struct locks *locks, const void *run, off_t at);

/* Gives back all that the run has. */
void locks_give_back_all(struct locks *locks, const void *run);

/* Finds a lock that others than the run have on one of length bytes. False if there is none (errno is 0), or on error. */
bool locks_find(const struct locks *locks, const void *run, off_t at, off_t length, struct flock *found);

#endif
