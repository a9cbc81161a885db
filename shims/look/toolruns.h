/* The runs of tools that a watch sees, and the slowest of them. */
#ifndef TOOLRUNS_H
#define TOOLRUNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct kind;
struct process;

/* What a run that has no slot is found to be. Until it is judged it may be a wrapper that is yet to start a shim. A suspect counts until
 * it turns out to be one. */
enum verdict { UNJUDGED, SUSPECTED, TOOK_NO_SLOT, IS_WRAPPER };

struct tool_run {
	pid_t pid; /* 0: none */
	uint64_t start;
	uint64_t ms; /* it has run so long */
	bool now;
	struct kind *kind; /* of one that has no slot; NULL: it has one */
	enum verdict verdict;
	bool is_script;
	uint64_t unjudged_ns; /* it ran so long until then */
	uint64_t counted_ns;  /* and so long counts */
	char tool[64];
	char file[256];
};

/* How long the process has run. */
uint64_t toolruns_age_ms(const struct process *process);

/* Before and after each look; ended is called for each run that was there at the last one and is no more. */
void toolruns_begin(void);
void toolruns_end(void (*ended)(struct tool_run *run, void *state), void *state);

/* Notes that the process runs; *is_new if it is seen for the first time. NULL where there are too many: then it is always new. */
struct tool_run *toolruns_note(const struct process *process, const char *shim_dir, bool *is_new);

/* What was noted of the process; NULL: nothing. */
struct tool_run *toolruns_find(const struct process *process);

/* Prints the slowest runs, those that are not over included: tool, file, milliseconds, each ended by a NUL. */
void toolruns_print(FILE *out);

#endif
