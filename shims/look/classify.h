/* The kind of a process below a build: a launcher, a tool in a slot of the pool, or a tool without a slot. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <stdbool.h>

#include "contract.h"

struct ancestor;
struct process;

enum class { NO_TOOL, LAUNCHER, GOVERNED, BYPASS };

/* Facts about one tool. */
struct tool {
	char name[256];            /* the whole name; for a launcher, that of its shim */
	enum bypass_reason reason; /* of a tool without a slot */
	bool is_script;            /* a wrapper: another program runs it */
	bool below_launcher;       /* its environment says that a launcher is above it */
	bool is_adopted;           /* what it was below is gone: a launcher may have started that, and not the tool */
	bool has_record;           /* of its own in the ledger: it has stood still until it had its slot */
	bool is_part;              /* a program that compilers start, below an unknown compiler */
	bool only_prints;          /* a tool that only prints, or what compiles for others: neither it nor what is below counts */
	uint64_t since_ns;         /* it stood still in a sandbox until then, CLOCK_MONOTONIC; 0: it did not */
};

/* Classifies a process. A tool has a slot if it is the only one of its job: of the child of the nearest client above it, such as a
 * launcher, make or ninja. The command itself has the slot of the build. below_tool: a tool without a slot is above it, whose children
 * don't count as tools. Call it after the names of the shims were read, and after governed_begin(). */
enum class classify(struct ancestor *at, bool below_tool, struct tool *tool);

/* Whether it does a part of a compiler's work: cc1, as. */
bool classify_part(const struct process *process);

#endif
