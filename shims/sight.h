/* What a process that runs below a build is: a launcher, a tool that one has started, or one that went past the shims. */
#ifndef SIGHT_H
#define SIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

enum sight { NO_TOOL, LAUNCHER, GOVERNED, PAST };

/* A process on the way from the root of a build to a tool. */
struct ancestor {
	struct process process;
	const struct ancestor *above; /* NULL: it is the root */
};

/* Reads the names of the shims: those are the tools. False where they can't be read. To be called once, before the others. */
bool sight_begin(const char *shim_dir);

/* What the process is, by itself; *why, of one that went past: the reason, for people. */
enum sight sight_of(const struct process *process, const char **why);

/* Whether the tool is a script, which another program runs. */
bool sight_is_script(const struct process *process);

/* The path of the tool that went past, as it was called where that was a path. */
void sight_tool(const struct process *process, char *tool, size_t size);

/* Who has started it, by name. */
const char *sight_caller(const struct ancestor *parent);

#endif
