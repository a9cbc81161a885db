/* The program every shim points to. One tool run: find the real tool, take a slot, run it, give the slot back. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter.h"
#include "arguments.h"
#include "become.h"
#include "environment.h"
#include "question.h"
#include "report.h"
#include "run.h"
#include "wrapper.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

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
	environment_put(assignment);
}

/* gcc finds cc1, clang its mode, cmake its files and rustup its tool by argv[0]: the absolute path. make prints its own as
 * $(MAKE). */
static void choose_argv0(struct run *run)
{
	bool bare = run->argv[0] != NULL && strchr(run->argv[0], '/') == NULL;

	if (!bare || !(run->pays || adapter_keeps_name(run->adapter)))
		run->argv[0] = run->real.path;
}

static void find_tool(struct run *run)
{
	resolve(&run->self, run->tool, &run->real);
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

int main(int argc, char **argv)
{
	struct run run = { .adapter = NULL };
	const char *disable = getenv(ENV_DISABLE);
	int status;

	report_init();
	self_find(&run.self);
	run.argv = argv;
	run.tool = argc > 0 ? base_name(argv[0]) : "launcher";
	if (strcmp(run.tool, "launcher") == 0) {
		close_told(&argc, &argv);
		if (argc > 2 && strcmp(argv[1], "--become") == 0)
			become(argv + 2);
		if (question_answer(&run.self, argc - 1, argv + 1, &status))
			return status;
		run.prefixed = true;
		run.pays = argc > 1 && strcmp(argv[1], "--token") == 0;
		argv += run.pays;
		argc -= run.pays;
		/* ccache's and cargo's settings take one word: they can't have the dashes. */
		run.argv = argc > 1 && strcmp(argv[1], "--") == 0 ? argv + 2 : argv + 1;
		run.tool = run.argv[0];
		if (run.tool == NULL || run.tool[0] == '-') {
			report("launcher: wrong usage\n  launcher [--token] [--] TOOL ARGS, or through a shim that links to it");
			return EXIT_JOBSHIM;
		}
	}
	find_tool(&run);
	run.adapter = run.pays ? NULL : adapter_find(base_name(run.tool));
	run.builds = run.pays || run.adapter != NULL;
	run.wrapper = run.builds ? NULL : wrapper_of(run.real.path);
	run.compiler = run.wrapper == NULL ? run.argv : wrapper_compiler(run.wrapper, &run.self, run.argv);
	if (run.wrapper != NULL)
		run_choose_prefixes(&run);
	choose_argv0(&run);
	count_hop(&run);
	if (!run.builds && !adapter_keeps_path(base_name(run.tool)) && run.real.stripped_path != NULL)
		environment_put(run.real.stripped_path);
	run.name = base_name(run.compiler == run.argv ? run.tool : run.compiler[0]);
	tool_settings_read(&run.settings, run.self.shim_dir, run.name);
	run.kind = arguments_kind(run.settings.family, run.compiler);
	if ((disable != NULL && strcmp(disable, "1") == 0) || (run.kind == RUN_PROBE && !run_starts_server(&run)))
		run_exec(&run);
	run_govern(&run);
}
