#include "look/classify.h"

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
#include "ground/text.h"
#include "proc/process.h"
#include "proc/shimfile.h"

/* Whether the program's file has a tool's name, which then counts: a link of any name may lead to gcc. */
static bool is_program_of_tool(const char *path, char *name, size_t size)
{
	const char *base = base_name(path);

	if (adapter_find(base) != NULL || (!shimnames_has(base) && family_of(base) == NULL))
		return false;
	text_put(name, size, "%s", base);
	return true;
}

/* Whether it is a program that compilers start. */
static bool is_compiler_part(const char *path)
{
	for (size_t i = 0; i < sizeof compiler_parts / sizeof compiler_parts[0]; i++)
		if (strcmp(base_name(path), compiler_parts[i].name) == 0 && strstr(path, compiler_parts[i].below) != NULL)
			return true;
	return false;
}

/* A script's path is in its command line, whatever it was called by. */
static enum bypass_reason reason_of(const struct ancestor *tool, const struct command *command,
                            const struct surroundings *surroundings, const struct tool *told)
{
	bool is_sandboxed;

	if (surroundings->disabled) /* then nothing else would help */
		return BYPASS_DISABLED;
	is_sandboxed = governed_is_in_sandbox(tool->process.pid);
	if (told->is_part)
		return is_sandboxed ? BYPASS_UNSEEN_PART : BYPASS_PART;
	if (!shimnames_has(told->name))
		return is_sandboxed ? BYPASS_UNSEEN : BYPASS_NO_SHIM;
	if (surroundings->overdraft)
		return BYPASS_OVERDRAFT;
	if (governed_launched(tool, surroundings))
		return BYPASS_NO_JOBSERVER;
	if (is_sandboxed)
		return BYPASS_UNSEEN;
	if (command->is_script ? surroundings->on_path : strchr(command->word, '/') != NULL)
		return BYPASS_BY_PATH;
	return surroundings->on_path ? BYPASS_NOT_FIRST : BYPASS_NOT_ON_PATH;
}

static bool stat_program(pid_t pid, struct stat *status)
{
	char path[32];

	text_put(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat_path(path, status);
}

/* Whether all of them still run at the same place, and the tool is the same program. If so, what was read of its ancestors is still true,
 * since a launcher waits for its tool. Else a tool that ends during a look would seem to have no ancestors, and a shell that becomes a shim
 * would seem to have a tool's command line. */
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

/* Whether the supervisor of the sandbox tells what it is: *class. */
static bool is_told_in_sandbox(const struct ancestor *at, struct tool *told, enum class *class)
{
	switch (governed_in_sandbox(at, &told->since_ns)) {
	case PROCESS_WAITS: /* it has done nothing yet */
		*class = LAUNCHER;
		return true;
	case PROCESS_HAS_SLOT:
		told->below_launcher = true;
		told->has_record = true;
		*class = GOVERNED;
		return true;
	case PROCESS_WITHOUT_RECORD:
		break;
	}
	return false;
}

enum class classify(struct ancestor *at, bool below_tool, struct tool *told)
{
	const struct process *process = &at->process;
	struct surroundings surroundings;
	struct command command;
	struct stat program;
	enum class class;
	const char *path;
	bool is_wrapper;

	cmdline_name(process, told->name, sizeof told->name);
	/* Read first: if it is another program at the end, the facts in between are mixed up. */
	path = stat_program(process->pid, &program) ? process_path(process->pid) : NULL;
	if (path == NULL)
		return NO_TOOL;
	if (is_of_shim_dir(path))
		return LAUNCHER;
	is_wrapper = wrapper_of(path) != NULL;
	if (is_wrapper && is_told_in_sandbox(at, told, &class)) /* distcc and its like have a slot of their own there */
		return class;
	told->only_prints = governed_is_offloaded(process);
	if (is_wrapper || told->only_prints) /* ccache takes no slot unless it starts a compiler */
		return NO_TOOL;
	if (!shimnames_has(told->name) && family_of(told->name) == NULL && !is_program_of_tool(path, told->name, sizeof told->name))
		told->is_part = !below_tool && is_compiler_part(path);
	if (!told->is_part && !shimnames_has(told->name) && !shimnames_lacks(told->name, path))
		return NO_TOOL;
	if (governed_is_launcher(process->pid, path))
		return LAUNCHER;
	/* During an execve a process has a name, but no arguments and no environment yet. They come in this order. */
	command_read(&command, process, told->name, shimnames_directory());
	if (!command.known || !surroundings_read(process->pid, &surroundings))
		return NO_TOOL;
	told->is_script = command.is_script;
	told->below_launcher = governed_below_launcher(&surroundings);
	told->is_adopted = governed_is_adopted(at, &surroundings);
	/* SCons runs `/usr/bin/gcc --version` with its own PATH: that needs no slot, so it bypasses nothing. */
	told->only_prints = command.kind == RUN_PROBE;
	if (told->only_prints)
		return NO_TOOL;
	if (is_told_in_sandbox(at, told, &class))
		return class;
	if (governed_has_slot(at, &surroundings))
		return GOVERNED;
	if (governed_below_holder(at, &surroundings)) /* whose file has no tool's name: its supervisor knows better */
		return NO_TOOL;
	told->reason = reason_of(at, &command, &surroundings, told);
	return still_stands(at, &program) ? BYPASS : NO_TOOL;
}

bool classify_part(const struct process *process)
{
	const struct client_name *name = client_program(process->pid);

	return name != NULL && name->is_tool;
}
