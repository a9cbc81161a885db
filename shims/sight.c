#include "sight.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "command.h"
#include "contract.h"
#include "shimfile.h"
#include "wrapper.h"

enum { NAMES_MAX = 1024 };

static struct {
	const char *dir;
	long hops; /* launchers above us all */
	char names[NAMES_MAX][16]; /* of tools, cut like the kernel's */
	size_t name_count;
} shims;

/* The names of shims are those of tools, but for the clients, whose own work is to start tools. */
bool sight_begin(const char *shim_dir)
{
	const char *hops = getenv(ENV_HOPS);
	const struct dirent *entry;
	DIR *directory = shim_dir[0] == '\0' ? NULL : opendir(shim_dir);

	if (directory == NULL)
		return false;
	shims.dir = shim_dir;
	shims.hops = hops == NULL ? 0 : strtol(hops, NULL, 10);
	while ((entry = readdir(directory)) != NULL && shims.name_count < NAMES_MAX)
		if (entry->d_name[0] != '.' && adapter_find(entry->d_name) == NULL)
			snprintf(shims.names[shims.name_count++], sizeof shims.names[0], "%.15s", entry->d_name);
	closedir(directory);
	return true;
}

static bool has_name(const char *comm)
{
	for (size_t i = 0; i < shims.name_count; i++)
		if (strcmp(shims.names[i], comm) == 0)
			return true;
	return false;
}

/* Whether PATH has the shim dir. */
static bool has_shims(const char *path)
{
	const size_t length = strlen(shims.dir);

	for (const char *at = path; *at != '\0'; at += strcspn(at, ":"), at += *at == ':')
		if (strncmp(at, shims.dir, length) == 0 && (at[length] == ':' || at[length] == '\0'))
			return true;
	return false;
}

/* By the environment that it was started with: every launcher counts its hop. */
static enum sight by_environment(const struct process *process, bool *on_path)
{
	static const char hops[] = ENV_HOPS "=", path[] = "PATH=";
	char file[32], *text;
	size_t room;
	ssize_t length;
	enum sight sight = PAST;

	snprintf(file, sizeof file, "/proc/%d/environ", (int)process->pid);
	text = arena_room(&room);
	length = read_whole_file_at(AT_FDCWD, file, text, room - 1);
	if (length <= 0)
		return NO_TOOL; /* it has ended, or is somebody else's */
	text[length] = '\0';
	*on_path = false;
	for (const char *at = text; at < text + length; at += strlen(at) + 1) {
		if (strncmp(at, hops, sizeof hops - 1) == 0 && strtol(at + sizeof hops - 1, NULL, 10) > shims.hops)
			sight = GOVERNED;
		else if (strncmp(at, path, sizeof path - 1) == 0)
			*on_path = has_shims(at + sizeof path - 1);
	}
	return sight;
}

/* One and the same text for the same reason. Of a script its path stands there, however it was called. */
static const char *why_past(const struct command *command, bool on_path)
{
	if (command->is_script ? on_path : command->word[0] == '/')
		return "called by its path";
	return on_path ? "the shims are not first on its PATH" : "its PATH is without the shims";
}

enum sight sight_of(const struct process *process, const char **why)
{
	struct command command;
	const char *path;
	enum sight sight;
	bool on_path;

	if (!has_name(process->comm) || (path = process_path(process->pid)) == NULL)
		return NO_TOOL;
	if (is_launcher(path))
		return LAUNCHER;
	if (wrapper_of(path) != NULL) /* ccache takes no slot unless it starts a compiler */
		return NO_TOOL;
	sight = by_environment(process, &on_path);
	if (sight == NO_TOOL)
		return NO_TOOL;
	/* SCons asks /usr/bin/gcc for its version with a PATH of its own: what takes no slot goes past nothing. */
	command_read(&command, process, shims.dir);
	if (command.kind == RUN_PROBE)
		return NO_TOOL;
	if (sight == PAST)
		*why = why_past(&command, on_path);
	return sight;
}

bool sight_is_script(const struct process *process)
{
	struct command command;

	command_read(&command, process, shims.dir);
	return command.is_script;
}

void sight_tool(const struct process *process, char *tool, size_t size)
{
	struct command command;
	const char *path, *slash;

	command_read(&command, process, shims.dir);
	if (command.is_script || command.word[0] == '/') {
		snprintf(tool, size, "%s", command.word);
		return;
	}
	/* The program, by the name that was called if it has that there too. */
	path = process_path(process->pid);
	if (path == NULL)
		path = process->comm;
	slash = strrchr(path, '/');
	if (slash == NULL || snprintf(tool, size, "%.*s%s", (int)(slash + 1 - path), path, command.word) >= (int)size ||
	    access(tool, X_OK) < 0)
		snprintf(tool, size, "%s", path);
}

/* A shell is named by what has started it: that has the command. */
const char *sight_caller(const struct ancestor *parent)
{
	static const char *const shells[] = { "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh" };

	for (const struct ancestor *at = parent; at != NULL; at = at->above) {
		bool is_shell = false;

		for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
			is_shell = is_shell || strcmp(at->process.comm, shells[i]) == 0;
		if (!is_shell)
			return at->process.comm;
	}
	return parent->process.comm;
}
