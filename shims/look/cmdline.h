/* What a process is called, by its command line and its program. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stddef.h>

struct ancestor;
struct process;

/* The whole name of a process, also where the kernel has cut it: as it was called, else that of its program. */
void cmdline_name(const struct process *process, char *name, size_t size);

/* The path of the tool that has no slot, as it was called if that was a path. */
void cmdline_tool(const struct process *process, char *tool, size_t size);

/* What has started a tool, by name. A shell is named by what has started it: that has the command. */
void cmdline_caller(const struct ancestor *parent, char *name, size_t size);

#endif
