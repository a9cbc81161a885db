/* Whether a run that has no slot is a tool's: it may be a wrapper that is yet to start a shim. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "look/ancestor.h"
#include "look/classify.h"

struct ledger;
struct tool_run;
struct tool_use;

/* What a watch judges by. */
struct judgement {
	const char *shim_dir;
	const struct ledger *ledger; /* in which launchers name what has started them; NULL: they can't */
	struct tool_use *use;
	uint64_t passed_ns;          /* between this look and the one before */
	bool tells;                  /* a line on stdout tells of each kind at once */
	bool has_news;               /* a kind was seen for the first time */
};

/* A process, and what was found below it. */
struct visit {
	struct ancestor ancestor;
	struct tool tool;
	struct visit *suspect; /* the outermost tool without a slot above it, or it itself: what that starts is its own affair */
	bool has_children;
	bool has_tool;     /* a tool, or a part of one, that no launcher has started */
	bool has_launcher; /* or a tool that one has started ... */
	bool has_likes;    /* ... of a kind that it may stand for itself */
};

/* A tool in a slot; one without; the process has become a launcher. */
void verdict_governed(struct judgement *judgement, const struct visit *visit);
void verdict_bypass(struct judgement *judgement, const struct visit *visit);
void verdict_forget(const struct process *process);

/* Tells the suspect above what was found. as and ld are parts of gcc: it need not stand for them. */
void verdict_tell_suspect(const struct visit *found, enum class class);

/* Of a run that is over: one that was never seen above a launcher was none's wrapper. state is the judgement. */
void verdict_end(struct tool_run *run, void *state);

#endif
