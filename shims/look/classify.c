#include "look/classify.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapt/wrapper.h"
#include "look/ancestor.h"
#include "look/cmdline.h"
#include "look/governed.h"
#include "look/shimnames.h"
#include "look/surroundings.h"
#include "pool/clientname.h"
#include "tool/adapters.h"
#include "tool/command.h"
#include "tool/families.h"
#include "ground/file.h"
#include "proc/process.h"
#include "proc/shimfile.h"

/* Whether the program has a tool's name, whatever it was called: a link of any name may lead to gcc. That is its name then. */
static bool is_program_of_tool(const char *path, char *name, size_t size)
{
	const char *base = base_name(path);

	if (adapter_find(base) != NULL || (!shimnames_has(base) && family_of(base) == NULL))
		return false;
	snprintf(name, size, "%s", base);
	return true;
}

/* Whether it is what a compiler starts. */
static bool is_compiler_part(const char *path)
{
	for (size_t i = 0; i < sizeof compiler_parts / sizeof compiler_parts[0]; i++)
		if (strcmp(base_name(path), compiler_parts[i].name) == 0 && strstr(path, compiler_parts[i].below) != NULL)
			return true;
	return false;
}

/* Of a script its path stands in its command line, however it was called. */
static enum bypass_reason reason_of(const struct ancestor *tool, const struct command *command,
                            const struct surroundings *surroundings, const struct tool *told)
{
	if (told->is_part)
		return BYPASS_PART;
	if (!shimnames_has(told->name))
		return BYPASS_NO_SHIM;
	if (surroundings->overdraft)
		return BYPASS_OVERDRAFT;
	if (governed_launched(tool, surroundings))
		return surroundings->disabled ? BYPASS_DISABLED : BYPASS_NO_JOBSERVER;
	if (command->is_script ? surroundings->on_path : strchr(command->word, '/') != NULL)
		return BYPASS_BY_PATH;
	return surroundings->on_path ? BYPASS_NOT_FIRST : BYPASS_NOT_ON_PATH;
}

static bool stat_program(pid_t pid, struct stat *status)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat_path(path, status);
}

/* Whether all of them still run, where they ran when they were read, and the tool is the same program. A launcher waits for its tool:
 * while that runs, what was found of those above it is what they are. Else a tool that ends in the midst of a look would have
 * nobody above it, and a shell that becomes a shim would be one that has a tool's words. */
static bool still_stands(const struct ancestor *tool, const struct stat *program)
{
	struct process now;
	struct stat status;

	if (!stat_program(tool->process.pid, &status) || status.st_ino != program->st_ino || status.st_dev != program->st_dev)
		return false;
	for (const struct ancestor *at = tool; at != NULL; at = at->above)
		if (!process_read(at->process.pid, &now) || now.zombie || now.start != at->process.start ||
		    (at->above != NULL && now.parent != at->above->process.pid))
			return false;
	return true;
}

enum class classify(struct ancestor *at, bool below_tool, struct tool *told)
{
	const struct process *process = &at->process;
	struct surroundings surroundings;
	struct command command;
	struct stat program;
	const char *path;

	cmdline_name(process, told->name, sizeof told->name);
	/* First: if it is another program by the end, what was read between belongs to two. */
	path = stat_program(process->pid, &program) ? process_path(process->pid) : NULL;
	if (path == NULL)
		return NO_TOOL;
	if (is_of_shim_dir(path))
		return LAUNCHER;
	if (wrapper_of(path) != NULL) /* ccache takes no slot unless it starts a compiler */
		return NO_TOOL;
	if (!shimnames_has(told->name) && family_of(told->name) == NULL && !is_program_of_tool(path, told->name, sizeof told->name))
		told->is_part = !below_tool && is_compiler_part(path);
	if (!told->is_part && !shimnames_has(told->name) && !shimnames_lacks(told->name, path))
		return NO_TOOL;
	if (governed_is_launcher(process->pid, path))
		return LAUNCHER;
	/* In the midst of an execve it has a name, and neither arguments nor an environment. These come in this order. */
	command_read(&command, process, told->name, shimnames_directory());
	if (!command.known || !surroundings_read(process->pid, &surroundings))
		return NO_TOOL;
	told->is_script = command.is_script;
	told->below_launcher = governed_below_launcher(&surroundings);
	/* SCons asks /usr/bin/gcc for its version with a PATH of its own: what takes no slot goes past nothing. */
	told->only_prints = command.kind == RUN_PROBE;
	if (told->only_prints)
		return NO_TOOL;
	if (governed_has_slot(at, &surroundings))
		return GOVERNED;
	told->reason = reason_of(at, &command, &surroundings, told);
	return still_stands(at, &program) ? BYPASS : NO_TOOL;
}

bool classify_part(const struct process *process)
{
	const struct client_name *name = client_program(process->pid);

	return name != NULL && name->is_tool;
}
