/* Processes of a command that are no longer below it, such as daemons and background jobs: init, or another process above, has adopted
 * them. */
#ifndef ORPHANS_H
#define ORPHANS_H

#include <stdint.h>
#include <sys/types.h>

struct ancestor;

struct watched {
	pid_t root;           /* the command */
	uint64_t root_start;
	const char *jobserver; /* the address of its pool, which nobody else has */
	void (*look)(pid_t orphan, struct ancestor *adopter);
};

/* Calls look for each of them. */
void orphans_each(const struct watched *watched);

#endif
