/* What the initial environment of a process says. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include <stdbool.h>
#include <sys/types.h>

#include "pool/auth.h"

struct process;

struct surroundings {
	long hops;        /* launchers above it */
	bool overdraft;   /* the last of them found no slot */
	bool disabled;
	bool on_path;     /* PATH has the shims */
	struct auth auth; /* from MAKEFLAGS; its texts are no longer valid */
};

/* False if it can't be read: the process has ended, is another user's, or is in an execve. */
bool surroundings_read(pid_t pid, struct surroundings *surroundings);

/* Whether it has the address of the pool, for launchers; or it is too early to say. */
enum names { NAMES_NOT, NAMES_POOL, NAMES_UNKNOWN };
enum names surroundings_name_pool(const struct process *process, const char *address);

#endif
