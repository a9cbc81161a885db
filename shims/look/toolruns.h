/* The runs of tools that a watch sees, and the slowest of them. */
#ifndef TOOLRUNS_H
#define TOOLRUNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct kind;
struct process;

/* The judgement on a run without a slot. At first it may be a wrapper that has not started a shim yet. A suspect counts as a tool until it
 * turns out to be a wrapper. */
enum verdict { UNJUDGED, SUSPECTED, TOOK_NO_SLOT, IS_WRAPPER };

/* Instead of the pid of a tool: a part of a compiler, by which nobody is a wrapper. */
enum { STARTED_PART = -1 };

struct tool_run {
	pid_t pid; /* 0: none */
	uint64_t start;
	uint64_t ms; /* it has run so long */
	bool now;
	bool was_missed; /* at the last look it was no tool, though its process lives */
	struct kind *kind; /* of a run without a slot; NULL: it has one */
	enum verdict verdict;
	bool is_script;
	pid_t started; /* a tool that it has started, which seemed to have no slot either; 0: none; STARTED_PART */
	uint64_t unjudged_ns; /* how long it had run by then */
	uint64_t counted_ns;  /* how much of that counts */
	char tool[64];
	char file[256];
};

/* How long the process has run. */
uint64_t toolruns_age_ms(const struct process *process);

/* How long ago a moment by CLOCK_MONOTONIC was. */
uint64_t toolruns_since_ms(uint64_t moment_ns);

/* Call them before and after each look. ended is called for each run that has ended since the last look. */
void toolruns_begin(void);
void toolruns_end(void (*ended)(struct tool_run *run, void *state), void *state);

/* After the last one: ended is called for each run that is left. */
void toolruns_close(void (*ended)(struct tool_run *run, void *state), void *state);

/* Notes that the process runs; sets *is_new the first time. NULL if there are too many: then it is always new. */
struct tool_run *toolruns_note(const struct process *process, const char *shim_dir, bool *is_new);

/* The run of the process; NULL: none was noted. */
struct tool_run *toolruns_find(const struct process *process);

/* Prints the slowest runs, including those that still run: tool, file, milliseconds, each ended by a NUL. */
void toolruns_print(FILE *out);

#endif
