/* What the command line of a process tells of the tool that it runs. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "contract.h"

struct process;

/* The texts stay until the next one is read. */
struct command {
	const char *word; /* the name the tool was called by; for a script its path, which the kernel puts there */
	const char *tool; /* that without its directory */
	bool is_script;
	const char *file; /* the file that it is about; empty if not known */
	enum run_kind kind;
	bool known; /* whether the command line could be read, which fails during an execve */
};

/* Reads it. name is the tool's name, which is used if the command line has no tool's name; NULL: not known. If the command line can't be
 * read, only the name of the process is known. */
void command_read(struct command *command, const struct process *process, const char *name, const char *shim_dir);

#endif
