/* Whether the holders of a jobserver's slots work: what they use of the processors. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct record;

/* The place of the measuring run: what is above it, and its pool. */
struct work {
	const struct jobserver *jobserver;
	const struct record *record; /* of the run that measures: its own slot does not count */
	pid_t outermost; /* the outermost client above us, -1: there is none; 0: not looked for yet */
};

struct work_done {
	uint64_t ticks;     /* CPU time so far, in clock ticks: less than before if one of them has ended */
	uint64_t ran_ns;    /* the same of their first threads alone, as the scheduler has it: no tick hides what is less than one */
	uint64_t ready_ns;  /* how long those could have run while others had the processor */
	bool ready;         /* one of them could run now */
	bool whole_machine; /* not all holders can be found: it is of all processes */
};

/* Measures what is below the outermost client above us, below each run that has a slot, and, if several builds share the
 * jobserver, below each client. CPU time of the pool's own `jobshim run`, of caretakers and of launchers is not counted. False if nothing can
 * be measured. */
bool work_measure(struct work *work, struct work_done *done);

#endif
