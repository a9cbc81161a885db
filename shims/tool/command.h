/* What the command line of a process tells of the tool that it runs. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "contract.h"

struct process;

/* The texts stay until the next one is read. */
struct command {
	const char *word; /* as the tool was called; of a script, its path in any case: the kernel puts it there */
	const char *tool; /* that without its directory */
	bool is_script;
	const char *file; /* that it is about, empty where it does not tell */
	enum run_kind kind;
	bool known; /* the command line could be read: not while an execve is under way */
};

/* Reads it. name is that of the tool, which counts if no tool is called as the command line has it; NULL: it is not known. Of a process
 * whose command line can't be read only its name is known. */
void command_read(struct command *command, const struct process *process, const char *name, const char *shim_dir);

#endif
