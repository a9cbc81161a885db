#include "run/begin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/wrapper.h"
#include "ledger/ledger.h"
#include "run/run.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/resolve.h"
#include "tool/toolfile.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/text.h"

/* Counts the launchers above us; a chain that is too long goes round in a circle. Adapters don't count: makes may be
 * nested as deep as they like. */
static void count_hop(const struct run *run)
{
	static char assignment[32];
	const char *value = getenv(ENV_HOPS);
	long hops = value == NULL ? 0 : number_first(value);

	if (run->builds)
		return;
	if (hops < 0 || hops >= LEDGER_HOP_LIMIT) {
		report("%s: called itself %d times over, last through %s\n"
		       "  make sure that what stands behind the shims on PATH does not start them again",
		       run->tool, LEDGER_HOP_LIMIT, run->real.path);
		exit(EXIT_JOBSHIM);
	}
	text_put(assignment, sizeof assignment, "%s=%ld", ENV_HOPS, hops + 1);
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

	return self->shim_dir[0] != '\0' && text_put(path, room, "%s/%s", self->shim_dir, name) < (int)room &&
	       access(path, F_OK) == 0;
}

static _Noreturn void refuse_usage(void)
{
	report("launcher: wrong usage\n  launcher [--token] [--] TOOL ARGS, or through a shim that links to it");
	exit(EXIT_JOBSHIM);
}

/* `launcher [--token] [--] TOOL ARGS`. Who has taken the launcher for the tool itself (by realpath, in a shim dir of an older
 * version) gives us the tool's arguments: no word of those is run. */
static void read_prefix_form(struct run *run)
{
	char **argv = run->argv;
	bool said;

	run->prefixed = true;
	if (argv[0] == NULL || argv[1] == NULL)
		refuse_usage();
	run->by_token = strcmp(argv[1], OPTION_TOKEN) == 0;
	argv += run->by_token;
	/* ccache's and cargo's settings take one word: they can't have the dashes. */
	said = argv[1] != NULL && strcmp(argv[1], "--") == 0;
	run->argv = argv + 1 + said;
	run->tool = run->argv[0];
	if (run->tool == NULL || run->tool[0] == '-')
		refuse_usage();
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

void begin(struct run *run)
{
	if (run->self.name[0] == '\0' && strcmp(run->tool, "launcher") == 0)
		read_prefix_form(run);
	find_tool(run);
	run->given.path = run->real.path;
	run->given.argv = run->argv;
	run->given.name = run->argv[0];
	run->adapter = run->by_token ? NULL : adapter_find(base_name(run->tool));
	run->builds = run->by_token || run->adapter != NULL;
	run->wrapper = run->builds ? NULL : wrapper_of(run->real.path);
	run->compiler = run->wrapper == NULL ? run->argv : wrapper_compiler(run->wrapper, &run->self, run->argv);
	if (run->wrapper != NULL)
		run_choose_prefixes(run);
	count_hop(run);
	if (!run->builds && !adapter_keeps_path(base_name(run->tool)) && run->real.stripped_path != NULL)
		environment_put(run->real.stripped_path);
	run->name = name_of(run);
	tool_settings_read(&run->settings, run->self.shim_dir, run->name);
	choose_argv0(run);
	run->kind = arguments_kind(run->settings.family, run->compiler);
}

bool begin_is_governed(const struct run *run)
{
	const char *disable = getenv(ENV_DISABLE);

	return (disable == NULL || strcmp(disable, "1") != 0) && (run->kind != RUN_PROBE || run_starts_server(run));
}
