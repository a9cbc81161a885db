/* The program every shim points to. One tool run: find the real tool, take a slot, run it, give the slot back. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapt/wrapper.h"
#include "child/child.h"
#include "launcher/govern.h"
#include "launcher/paying.h"
#include "launcher/run.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/freshen.h"
#include "tool/resolve.h"
#include "tool/toolfile.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/report.h"

/* Counts the launchers above us; a chain that is too long goes round in a circle. Adapters don't count: makes may be
 * nested as deep as they like. */
static void count_hop(const struct run *run)
{
	static char assignment[32];
	const char *value = getenv(ENV_HOPS);
	long hops = value == NULL ? 0 : strtol(value, NULL, 10);

	if (run->builds)
		return;
	if (hops < 0 || hops >= LEDGER_HOP_LIMIT) {
		report("%s: called itself %d times over, last through %s\n"
		       "  make sure that what stands behind the shims on PATH does not start them again",
		       run->tool, LEDGER_HOP_LIMIT, run->real.path);
		exit(EXIT_JOBSHIM);
	}
	snprintf(assignment, sizeof assignment, "%s=%ld", ENV_HOPS, hops + 1);
	if (!environment_put(assignment)) {
		report("%s: no memory for one more variable, by which calls that go round in a circle are told\n"
		       "  run it with fewer variables, or with a larger ulimit -v",
		       run->tool);
		exit(EXIT_JOBSHIM);
	}
}

/* Programs that find their own files by argv[0]. What they do does not depend on their name. */
static bool is_found_by_path(const char *family)
{
	static const char *const families[] = { "cmake", "gcc", "gfortran" };

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strcmp(families[i], family) == 0)
			return true;
	return false;
}

/* Whether the tool is ccache or its like, and no compiler's name that leads to it. */
static bool is_wrapper_itself(const struct run *run)
{
	return run->wrapper != NULL && strcmp(base_name(run->tool), run->wrapper->name) == 0;
}

/* gcc finds cc1, clang its mode, cmake its files and rustup its tool by argv[0]: the absolute path. make prints its own as
 * $(MAKE). Under another name (a link aarch64-linux-gnu-clang to clang's shim, one named gcc to ccache's) it is the name
 * that counts, so it stays as the caller has it. */
static void choose_argv0(struct run *run)
{
	bool bare = run->argv[0] != NULL && strchr(run->argv[0], '/') == NULL;
	bool other = run->argv[0] != NULL && strcmp(base_name(run->argv[0]), base_name(run->tool)) != 0;

	if (run->by_token || (bare && adapter_keeps_name(run->adapter)))
		return;
	if (!other || (!is_wrapper_itself(run) && (run->wrapper != NULL || is_found_by_path(run->settings.family))))
		run->argv[0] = run->real.path;
}

/* Where PATH has none: what install found. A build that keeps the path of a shim may have a PATH without its tool's directory. */
static void find_where_installed(struct run *run)
{
	struct tool_settings settings;
	char *real;

	tool_settings_read(&settings, run->self.shim_dir, base_name(run->real.name));
	real = settings.real[0] == '/' ? arena_copy(settings.real, strlen(settings.real)) : NULL;
	if (real != NULL)
		resolve(&run->self, real, &run->real);
}

static void find_tool(struct run *run)
{
	resolve(&run->self, run->tool, &run->real);
	run->tool = run->real.name;
	if (run->real.outcome == NOT_FOUND && strchr(run->tool, '/') == NULL)
		find_where_installed(run);
	if (run->real.outcome == RESOLVED)
		return;
	if (run->real.outcome == NOT_EXECUTABLE) {
		report("%s: not executable", run->real.path);
		_exit(EXIT_NOT_EXECUTABLE);
	}
	if (strchr(run->tool, '/') != NULL || run->self.shim_dir[0] == '\0')
		report("%s: not found%s", run->tool, strchr(run->tool, '/') != NULL ? "" : " on PATH");
	else
		report("%s: not found on PATH after %s", run->tool, run->self.shim_dir);
	_exit(EXIT_NOT_FOUND);
}

/* Whether the shim dir has a shim of that name. */
static bool has_shim(const struct self *self, const char *name)
{
	size_t room;
	char *path = arena_room(&room);

	return self->shim_dir[0] != '\0' && snprintf(path, room, "%s/%s", self->shim_dir, name) < (int)room &&
	       access(path, F_OK) == 0;
}

/* `launcher [--token] [--] TOOL ARGS`. Who has taken the launcher for the tool itself (by realpath, in a shim dir of an older
 * version) gives us the tool's arguments: no word of those is run. */
static void read_prefix_form(struct run *run, int argc, char **argv)
{
	bool said;

	run->prefixed = true;
	run->by_token = argc > 1 && strcmp(argv[1], OPTION_TOKEN) == 0;
	argv += run->by_token;
	argc -= run->by_token;
	/* ccache's and cargo's settings take one word: they can't have the dashes. */
	said = argc > 1 && strcmp(argv[1], "--") == 0;
	run->argv = argv + 1 + said;
	run->tool = run->argv[0];
	if (run->tool == NULL || run->tool[0] == '-') {
		report("launcher: wrong usage\n  launcher [--token] [--] TOOL ARGS, or through a shim that links to it");
		exit(EXIT_JOBSHIM);
	}
	if (!said && !run->by_token && strchr(run->tool, '/') == NULL && !has_shim(&run->self, run->tool)) {
		report("launcher: %s has no shim\n  launcher -- %s, or its path, where that is the tool", run->tool, run->tool);
		exit(EXIT_JOBSHIM);
	}
}

/* Whose settings and arguments count: what a wrapper starts, by the name that it goes by. */
static const char *name_of(const struct run *run)
{
	const char *tool = base_name(run->tool);

	if (run->compiler != run->argv)
		return base_name(run->compiler[0]);
	return is_wrapper_itself(run) && run->argv[0] != NULL ? base_name(run->argv[0]) : tool;
}

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
	struct run run = { .adapter = NULL };
	const char *disable = getenv(ENV_DISABLE);

	report_init();
	self_find(&run.self);
	become_copied(&run.self, argv);
	run.argv = argv;
	run.tool = run.self.name[0] != '\0' ? run.self.name : name_executed(argc, argv);
	if (run.self.name[0] == '\0' && strcmp(run.tool, "launcher") == 0) {
		if (argc == 2 + PAYER_WORDS && strcmp(argv[1], OPTION_PAY) == 0)
			return payer_work(&run.self, argv + 2) ? 0 : 1;
		read_prefix_form(&run, argc, argv);
	}
	find_tool(&run);
	run.adapter = run.by_token ? NULL : adapter_find(base_name(run.tool));
	run.builds = run.by_token || run.adapter != NULL;
	run.wrapper = run.builds ? NULL : wrapper_of(run.real.path);
	run.compiler = run.wrapper == NULL ? run.argv : wrapper_compiler(run.wrapper, &run.self, run.argv);
	if (run.wrapper != NULL)
		run_choose_prefixes(&run);
	count_hop(&run);
	if (!run.builds && !adapter_keeps_path(base_name(run.tool)) && run.real.stripped_path != NULL)
		environment_put(run.real.stripped_path);
	run.name = name_of(&run);
	tool_settings_read(&run.settings, run.self.shim_dir, run.name);
	freshen_own(&run.self, run.name, run.settings.real, &run.real);
	if (run.adapter != NULL && run.adapter->kind == ADAPTER_CARGO) /* it looks at its compiler's file before it starts it */
		freshen_tool(&run.self, "rustc");
	choose_argv0(&run);
	run.kind = arguments_kind(run.settings.family, run.compiler);
	if ((disable != NULL && strcmp(disable, "1") == 0) || (run.kind == RUN_PROBE && !run_starts_server(&run)))
		run_exec(&run);
	govern(&run);
}
