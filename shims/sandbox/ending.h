/* How a process that is no child of ours has ended, as far as the kernel tells. */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <sys/time.h>

struct process;

struct ending {
	bool has_status;
	int status; /* as wait4() has it */
	bool has_cpu;
	struct timeval user, system; /* with that of the children that it has waited for */
};

/* Reads it, of a process whose pidfd has told its end. What can't be had is not known: its parent may have waited for it meanwhile. */
struct ending ending_read(const struct process *process, int pidfd);

#endif
