/* A badge tells the processes below a client which client it is, if /proc can't: JOBSHIM_CLIENT has an identity, which is valid as long as
 * the client's launcher holds the lock with that number on the jobserver's inode, and the client's pid in its PID namespace. */
#ifndef BADGE_H
#define BADGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct locks;
struct subject;

struct badge {
	uint64_t identity; /* the badge of the nearest living client above us; 0: there is none */
	pid_t client;      /* the client's pid, if it is in our PID namespace and its children have slots; else 0 */
};

/* Takes the lock and puts the variable into our environment. Returns where the child's pid goes; NULL if there is no badge. */
char *badge_make(struct locks *locks);

/* Writes our own number there. May be called in a child of vfork. */
void badge_write_number(char *at);

/* Call it before we become a client, in the slot of a client's child: passes on a valid badge. */
void badge_pass_on(const struct jobserver *jobserver);

/* The badge in the environment of a process, if it is valid. */
struct badge badge_read(const struct jobserver *jobserver, const struct subject *subject);

/* Whether the process of this number, as /proc has it, is the client of that badge. */
bool badge_is_of(const struct jobserver *jobserver, const struct subject *subject, pid_t pid);

#endif
