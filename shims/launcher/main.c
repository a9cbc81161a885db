/* The program every shim points to: what precedes every compiler. It becomes the tool, or takes a slot that is free at once, runs the tool,
 * gives the slot back. For all else it becomes `look` (relay.h). */
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child/child.h"
#include "launcher/launch.h"
#include "launcher/relay.h"
#include "run/begin.h"
#include "run/run.h"
#include "tool/resolve.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/log.h"
#include "ground/report.h"

/* Whether we are that file, which has no other name. */
static bool is_itself(const char *file)
{
	struct stat ours, other;

	return stat_path("/proc/self/exe", &ours) && stat_path(file, &other) && ours.st_dev == other.st_dev &&
	       ours.st_ino == other.st_ino && other.st_nlink == 1;
}

/* A copy of a shim's file is what a link to that shim is, and becomes it: so whoever looks at our program knows what it is. Where
 * the shim is gone the copy stands for its tool by itself; so does a shim that can't tell where it lies, which must not start itself
 * for ever. */
static void become_copied(struct self *self, char **argv)
{
	const char *file = self->shim_dir[0] == '\0' ? self_copied() : NULL;
	const char *started = (const char *)getauxval(AT_EXECFN);

	if (file == NULL)
		return;
	if (!is_itself(file) && started != NULL && strcmp(started, file) != 0)
		exec_program(file, argv, environ);
	self->name = arena_copy(base_name(file), strlen(base_name(file)));
}

/* The name of the file that was executed, whatever argv[0] says. One that was opened before has none. */
static char *name_executed(int argc, char **argv)
{
	const char *started = (const char *)getauxval(AT_EXECFN), *name;

	if (started == NULL || strncmp(started, "/dev/fd/", strlen("/dev/fd/")) == 0 || strncmp(started, "/proc/", strlen("/proc/")) == 0)
		started = argc > 0 ? argv[0] : "launcher";
	name = base_name(started);
	return arena_copy(name, strlen(name));
}

int main(int argc, char **argv)
{
	struct run run = { .argv = argv };
	struct relay relay;

	report_init();
	self_find(&run.self);
	become_copied(&run.self, argv);
	run.tool = run.self.name[0] != '\0' ? run.self.name : name_executed(argc, argv);
	relay_begin(&relay, &run, argc);
	if (log_is_wanted())
		relay_logged(&relay, &run);
	begin(&run);
	launch(&run, &relay);
	run_exec(&run);
}
