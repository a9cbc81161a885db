/* What a process that runs below a build is: a launcher, a tool in a slot of the pool, or one that has none. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <stdbool.h>

#include "contract.h"

struct ancestor;
struct process;

enum class { NO_TOOL, LAUNCHER, GOVERNED, BYPASS };

/* What a tool is, by itself. */
struct tool {
	char name[256];            /* the whole one; of a launcher, that of its shim */
	enum bypass_reason reason; /* of one that has no slot */
	bool is_script;            /* another program runs it */
	bool below_launcher;       /* by its environment a launcher stands above it */
	bool is_part;              /* what a compiler starts, of a compiler that is not known */
	bool only_prints;          /* a tool that only prints, and is none therefore */
};

/* What the process is. A tool has a slot if it is the only one of its job: of the child of the nearest client above it, be that a
 * launcher, make or ninja. Of the command itself the slot is the build's. below_tool: one is above it that has no slot; what that starts
 * is no tool by itself. The names of the shims were read, and governed_begin() was called. */
enum class classify(struct ancestor *at, bool below_tool, struct tool *tool);

/* Whether it does a part of what a compiler does: cc1, as. */
bool classify_part(const struct process *process);

#endif
