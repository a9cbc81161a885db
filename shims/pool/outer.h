/* The pool that an adapter above us has found. The program that it started may have opened another one, and name that in MAKEFLAGS. */
#ifndef OUTER_H
#define OUTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;

struct outer {
	const char *path; /* opens it, in any process; NULL: it is what we inherited as read_fd and write_fd */
	uint64_t inode;   /* the file's inode, since the descriptor may be another file by now; 0: any */
	int read_fd, write_fd;
};

/* What the environment names. False if it names none. */
bool outer_read(struct outer *outer);

/* Opens that one. False if it is gone. */
bool outer_open(struct jobserver *jobserver, const struct outer *outer);

/* The assignment that names the jobserver to all that is below us, whatever MAKEFLAGS say by then; NULL if it is named
 * already, or there is no room. */
char *outer_assignment(const struct jobserver *jobserver);

/* Whether a make that has our jobserver open and inheritable is a client of it that starts a recipe just now, although MAKEFLAGS name
 * another one. A make that was started with -jN merely carries it, and has opened the other one. */
bool outer_hands_on(pid_t pid, const struct jobserver *jobserver);

/* Opens the pool in the environment of a process above us: a build may have replaced our MAKEFLAGS by a -jN. False if there is no usable
 * one. */
bool outer_open_above(struct jobserver *jobserver);

#endif
