/* Finds files by the descriptors of processes above us, for files that are removed, or hidden from us. */
#ifndef ABOVE_H
#define ABOVE_H

#include <stdbool.h>
#include <sys/types.h>

struct above {
	const char *link;  /* opens the file in any process of ours */
	const char *place; /* its path, as the kernel has it */
};

/* Finds the process above us that has the file open which was at path, or, with is_pool, the pool that `jobshim run` has noted, whatever
 * its path. Of several the outermost, which lives longest. False if there is none. */
bool above_find(const char *path, bool is_pool, struct above *found);

/* "/proc/PID/fd/FD"; NULL if there is no room. */
const char *above_link(pid_t pid, int fd);

#endif
