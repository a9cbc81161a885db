/* The journal: each tool run appends one line of JSON at its end (src/timeline/event.ts). */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct job;
struct jobserver;
struct ledger;

/* What a launcher knows of its child, and who only looks on may not. */
enum {
	JOURNAL_END = 1,
	JOURNAL_CPU = 2,
	JOURNAL_MEMORY = 4,
	JOURNAL_ALL = JOURNAL_END | JOURNAL_CPU | JOURNAL_MEMORY,
};

/* What is known of a run at its end. */
struct journal_run {
	pid_t pid;             /* whose line it is */
	const char *directory; /* that it ran in; NULL: this process's */
	const char *tool;
	const char *path;   /* of its program */
	const char *kind;
	const char *file;   /* that it reads, or makes; empty: none is told */
	const char *slot;   /* whose it ran in */
	unsigned slots;
	uint64_t job;
	int gate;           /* the last that was closed */
	uint64_t waited_ns; /* for all */
	uint64_t gated_ns;  /* of it, at gates */
	uint64_t began_us;  /* when the tool was started, by realtime_us() */
	uint64_t ran_ns;
	unsigned known;     /* what of these is known, by JOURNAL_ */
	int status;         /* as wait4() has it */
	struct rusage usage;
};

/* The path of the journal: JOBSHIM_JOURNAL, else that of the `jobshim run` that made the pool. NULL where there is none. */
const char *journal_path(const struct jobserver *jobserver, const struct ledger *ledger);

/* Appends the run's line. A journal that can't be written is no reason to fail a build. */
void journal_append(const char *path, const struct journal_run *ended);

#endif
