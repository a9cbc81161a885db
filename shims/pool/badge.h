/* What a client's launcher tells those below it, for where /proc can't: an identity, in JOBSHIM_CLIENT, which is good for as long as
 * the launcher holds a lock of that name on the jobserver's inode; and the client's number in its PID namespace. */
#ifndef BADGE_H
#define BADGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct locks;
struct subject;

struct badge {
	uint64_t identity; /* of the nearest client above us that has one and lives; 0: there is none */
	pid_t client;      /* its number, if it counts processes as we do and is one whose children have slots; else 0 */
};

/* Takes the lock and puts the variable into our environment. Returns where the child's number goes, NULL where it gets none. */
char *badge_make(struct locks *locks);

/* Writes our own number there. May be called in a child of vfork. */
void badge_write_number(char *at);

/* We are about to become a client, in the slot of a client's child: passes on a badge that is good. */
void badge_pass_on(const struct jobserver *jobserver);

/* The badge that the environment of a process names, if it is good. */
struct badge badge_read(const struct jobserver *jobserver, const struct subject *subject);

/* Whether the process of this number, as /proc has it, is the client of that badge. */
bool badge_is_of(const struct jobserver *jobserver, const struct subject *subject, pid_t pid);

#endif
