/* The name of a process, by its command line and its program. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ancestor;
struct process;

/* The whole name of a process, even if the kernel has cut it: the name it was called by, else that of its program. */
void cmdline_name(const struct process *process, char *name, size_t size);

/* The path of a tool without a slot: the one it was called by, if that was a path. */
void cmdline_tool(const struct process *process, char *tool, size_t size);

/* The name of the program that started a tool. For a shell, the program that started the shell: the command line is from there. */
void cmdline_caller(const struct ancestor *parent, char *name, size_t size);

/* Whether a program of this name is a shell. */
bool cmdline_is_shell(const char *name);

/* The working directory of a process; empty if it can't be seen. */
void cmdline_directory(pid_t pid, char *directory, size_t size);

#endif
