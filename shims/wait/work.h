/* Whether those who hold the slots of a jobserver work: what they use of the processors. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct jobserver;
struct record;

/* Where to look for it. */
struct work {
	const struct jobserver *jobserver;
	const struct record *record; /* of who asks: its own slot does not count */
	pid_t outermost; /* the outermost client above us, -1: there is none; 0: not looked for yet */
};

struct work_done {
	uint64_t ticks;     /* CPU time so far, in clock ticks: less than before where one of them has ended */
	uint64_t ran_ns;    /* the same of their first threads alone, as the scheduler has it: no tick hides what is less than one */
	uint64_t ready_ns;  /* how long those could have run, and others had the processor */
	bool ready;         /* one of them could run now */
	bool whole_machine; /* those who hold the slots can't all be seen: it is of all processes */
};

/* Measures what is below the outermost client above us, below each run that has a slot, and, where several builds share the
 * jobserver, below each client. CPU time of the pool's own `jobshim run`, of caretakers and of launchers is not counted. False where nothing can be told. */
bool work_measure(struct work *work, struct work_done *done);

#endif
