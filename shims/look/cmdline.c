#include "look/cmdline.h"

#include <string.h>
#include <unistd.h>

#include "look/ancestor.h"
#include "look/shimnames.h"
#include "tool/command.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"

enum { COMM_MAX = sizeof((struct process *)NULL)->comm - 1 }; /* the kernel cuts names */

void cmdline_name(const struct process *process, char *name, size_t size)
{
	struct command command;
	const char *path;

	text_put(name, size, "%s", process->comm);
	if (strlen(process->comm) < COMM_MAX)
		return;
	command_read(&command, process, NULL, shimnames_directory());
	if (strncmp(command.tool, process->comm, COMM_MAX) == 0)
		text_put(name, size, "%s", command.tool);
	else if ((path = process_path(process->pid)) != NULL && strncmp(base_name(path), process->comm, COMM_MAX) == 0)
		text_put(name, size, "%s", base_name(path));
}

void cmdline_tool(const struct process *process, char *tool, size_t size)
{
	struct command command;
	const char *path, *slash;

	command_read(&command, process, NULL, shimnames_directory());
	if (command.is_script || command.word[0] == '/') {
		text_put(tool, size, "%s", command.word);
		return;
	}
	/* The program's path, with the name it was called by, if that leads to it, too. */
	path = process_path(process->pid);
	if (path == NULL)
		path = process->comm;
	slash = strrchr(path, '/');
	if (slash == NULL || text_put(tool, size, "%.*s%s", (int)(slash + 1 - path), path, command.word) >= (int)size ||
	    access(tool, X_OK) < 0)
		text_put(tool, size, "%s", path);
}

bool cmdline_is_shell(const char *name)
{
	static const char *const shells[] = { "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh" };

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

void cmdline_caller(const struct ancestor *parent, char *name, size_t size)
{
	const struct ancestor *at = parent;

	while (cmdline_is_shell(at->process.comm) && at->above != NULL)
		at = at->above;
	/* Only shells: take the nearest. */
	cmdline_name(cmdline_is_shell(at->process.comm) ? &parent->process : &at->process, name, size);
}

void cmdline_directory(pid_t pid, char *directory, size_t size)
{
	char link[32];
	ssize_t length;

	text_put(link, sizeof link, "/proc/%d/cwd", (int)pid);
	length = readlink(link, directory, size - 1);
	directory[length < 0 ? 0 : length] = '\0';
}
