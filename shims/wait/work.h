/* Whether the holders of a jobserver's slots work: how much processor time they use. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct record;

/* The run that measures: its ancestors and its pool. */
struct work {
	const struct jobserver *jobserver;
	const struct record *record; /* the record of the run that measures: its own slot does not count */
	pid_t outermost; /* the outermost client above us, -1: there is none; 0: not looked for yet */
};

struct work_done {
	uint64_t ticks;     /* CPU time so far, in clock ticks: less than before if one of them has ended */
	uint64_t ran_ns;    /* the time of their first threads by /proc/PID/schedstat, which has less than a tick */
	uint64_t ready_ns;  /* how long these were ready to run and had no processor */
	bool ready;         /* one of them is ready to run now */
	bool whole_machine; /* not all holders can be found: the whole machine is measured */
};

/* Measures the processes below the outermost client above us, below each run that has a slot and, if several builds share the jobserver,
 * below each client. CPU time of `jobshim run`, caretakers and launchers does not count. False if nothing can be measured. */
bool work_measure(struct work *work, struct work_done *done);

#endif
