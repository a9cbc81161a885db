/* Judges whether a run without a slot is a tool's run, or a wrapper that has not started a shim yet. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "look/ancestor.h"
#include "look/classify.h"

struct ledger;
struct tool_run;
struct tool_use;

/* The state of the judgement. */
struct judgement {
	const char *shim_dir;
	const struct ledger *noted;  /* in which launchers note their parents; NULL: there is none */
	struct tool_use *use;
	uint64_t passed_ns;          /* between this look and the one before */
	bool tells;                  /* prints a line on stdout for each new kind */
	bool has_news;               /* there is a new kind */
};

/* A process, and what is below it. */
struct visit {
	struct ancestor ancestor;
	struct tool tool;
	struct visit *suspect; /* the outermost tool without a slot above it, or itself: its children don't count */
	bool has_children;
	pid_t started;     /* a tool, or a part of one, that no launcher started; 0: none; STARTED_PART */
	bool has_tool;     /* one of these has begun its work */
	bool has_launcher; /* or a tool that a launcher started ... */
	bool has_likes;    /* ... of a kind for which it may be a wrapper */
};

/* Note a tool in a slot; a tool without a slot; that the process has become a launcher. */
void verdict_governed(struct judgement *judgement, const struct visit *visit);
void verdict_bypass(struct judgement *judgement, const struct visit *visit);
void verdict_forget(const struct process *process);

/* Notes in the suspect above what is below it. as and ld are parts of gcc: a gcc that starts them need not be a wrapper. */
void verdict_tell_suspect(const struct visit *found, enum class class);

/* Judges a run that has ended: if it was never above a launcher, it was no wrapper. state is the judgement. */
void verdict_end(struct tool_run *run, void *state);

#endif
