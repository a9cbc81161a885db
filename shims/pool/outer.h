/* The pool that an adapter above us has found: the program that it started may have opened another, and name that in MAKEFLAGS. */
#ifndef OUTER_H
#define OUTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;

struct outer {
	const char *path; /* opens it, in any process; NULL: it is what we inherited as read_fd and write_fd */
	uint64_t inode;   /* must be that one's: the descriptor of a process may be another's by now; 0: any */
	int read_fd, write_fd;
};

/* What the environment names. False if it names none. */
bool outer_read(struct outer *outer);

/* Opens that one. False if it is gone. */
bool outer_open(struct jobserver *jobserver, const struct outer *outer);

/* The assignment that names the jobserver to all that is below us, whatever MAKEFLAGS say by then; NULL if it is named
 * already, or there is no room. */
char *outer_assignment(const struct jobserver *jobserver);

/* Whether a make that has our jobserver open and inheritable is a client of it which starts a recipe just now, though MAKEFLAGS name
 * another by now. A make that was started with -jN carries it too, and has opened that other one. */
bool outer_hands_on(pid_t pid, const struct jobserver *jobserver);

/* Opens the pool that a process above us was told of: a build may have put a -jN in place of what MAKEFLAGS said. False if
 * there is none that can be used. */
bool outer_open_above(struct jobserver *jobserver);

#endif
