/* The program every shim points to. One tool run: find the real tool, take a slot, run it, give the slot back. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter.h"
#include "arguments.h"
#include "child.h"
#include "contract.h"
#include "engine.h"
#include "environment.h"
#include "job.h"
#include "jobserver.h"
#include "ledger.h"
#include "process.h"
#include "question.h"
#include "report.h"
#include "resolve.h"
#include "slot.h"
#include "toolfile.h"
#include "wrapper.h"

/* All that is known of this run before a slot is sought. */
struct run {
	const char *tool; /* its plain name */
	char **argv;      /* the tool's; argv[0] is set by choose_argv0 */
	char **compiler;  /* whose settings and arguments count: argv, or the part of it that a wrapper was given */
	const struct adapter *adapter;
	const struct wrapper *wrapper;
	long hops;
	bool nested; /* another tool's launcher is above us, and has a slot */
	bool passes; /* it takes no slot, what it starts does, through these: */
	char *prefix, *cpp_prefix;
	bool builds; /* it starts tools: make or ninja, or what `launcher --token` starts */
	bool prefixed; /* we were told the tool, and who did has chosen what stands before it */
	bool pays;   /* it takes a token, whatever slot may be there */
	bool probe;  /* no work worth a slot */
	struct tool_settings settings;
	struct self self;
	struct resolution real;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Tells the tool how many launchers are above it. A letter behind the number: none of them has a slot. */
static void tell_hops(const struct run *run)
{
	static char assignment[32];

	snprintf(assignment, sizeof assignment, "%s=%ld%s", ENV_HOPS, run->hops, run->passes && !run->nested ? "p" : "");
	environment_put(assignment);
}

/* Counts the launchers above us; a chain that is too long goes round in a circle. Adapters don't count: makes may be
 * nested as deep as they like. */
static void count_hop(struct run *run)
{
	const char *value = getenv(ENV_HOPS);
	char *end = NULL;
	long hops = value == NULL ? 0 : strtol(value, &end, 10);

	run->nested = hops > 0 && *end == '\0';
	if (run->builds)
		return;
	if (hops < 0 || hops >= LEDGER_HOP_LIMIT) {
		report("%s: called itself %d times over, last through %s\n"
		       "  make sure that what stands behind the shims on PATH does not start them again",
		       run->tool, LEDGER_HOP_LIMIT, run->real.path);
		exit(EXIT_JOBSHIM);
	}
	run->hops = hops + 1;
	tell_hops(run);
}

/* gcc finds cc1, clang its mode and rustup its tool by argv[0]: the absolute path. make prints its own as $(MAKE). */
static void choose_argv0(struct run *run)
{
	bool bare = run->argv[0] != NULL && strchr(run->argv[0], '/') == NULL;

	if (!run->builds || !bare)
		run->argv[0] = run->real.path;
}

static _Noreturn void fail_to_start(const struct run *run, int error)
{
	report("%s: can't be started: %s", run->real.path, strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static _Noreturn void exec_tool(const struct run *run)
{
	ledger_restore_signals();
	exec_program(run->real.path, run->argv, environ);
	fail_to_start(run, errno);
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

/* No slot is to be had: runs the tool as it is, or fails, as the policy no-jobserver has it. */
static _Noreturn void without_jobserver(const struct run *run, const char *why)
{
	if (run->probe)
		exec_tool(run);
	if (run->settings.error_without) {
		report("%s: no jobserver: %s\n  start the build below make -jN or jobshim run, or set %s=pass", run->tool, why,
		       ENV_NO_JOBSERVER);
		_exit(EXIT_JOBSHIM);
	}
	report_debug("%s: not governed: %s", run->tool, why);
	exec_tool(run);
}

static _Noreturn void run_in_slot(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                                  struct ledger *ledger)
{
	struct inherited inherited;
	struct slot slot;
	int status, error;

	child_prepare(&inherited);
	ledger_claim(ledger, jobserver, job, base_name(run->tool));
	slot = slot_take(jobserver, job, ledger, &inherited.mask, run->settings.patience);
	if (slot.kind == SLOT_NONE) {
		ledger_free(ledger);
		child_unprepare(&inherited);
		without_jobserver(run, "it can't be read");
	}
	if (slot.kind == SLOT_OVERDRAFT)
		report("%s: no slot was free for %g s on an idle machine: run without one", run->tool, run->settings.patience);
	if (run->builds)
		ledger_count_wait(ledger, slot.waited_ns);
	else if (run->nested && slot.kind == SLOT_IMPLICIT)
		ledger_count_caller_run(ledger); /* in the slot of the tool above, which is counted already */
	else
		ledger_count_run(ledger, jobserver, slot.waited_ns);
	status = child_run(run->real.path, run->argv, environ, &inherited);
	error = errno;
	slot_give_back(&slot, jobserver, ledger);
	if (status < 0 && error != ECHILD) {
		/* It gets our own process, and so no slot. What is wrong with the tool itself, this one tells. */
		report_debug("%s: not governed: it can't be started as a child: %s", run->tool, strerror(error));
		child_unprepare(&inherited);
		exec_tool(run);
	}
	if (status < 0)
		fail_to_start(run, error);
	child_end_like(status);
}

static void open_ledger(const struct run *run, const struct jobserver *jobserver, struct ledger *ledger)
{
	ledger_open(ledger, jobserver, true);
	if (ledger->fd < 0)
		report_debug("%s: no crash safety: %s", run->tool, ledger->why);
}

static bool starts_server(const struct run *run)
{
	return run->wrapper != NULL && run->wrapper->server;
}

/* A wrapper is told to start its tools through us, where it can be: then they take the slots, and a hit takes none. */
static void choose_prefixes(struct run *run)
{
	struct tool_settings own;

	if (run->wrapper->prefix[0] == '\0')
		return;
	tool_settings_read(&own, run->self.shim_dir, run->wrapper->name);
	run->prefix = wrapper_prefix(run->wrapper->prefix, own.prefix, &run->self);
	run->cpp_prefix = wrapper_prefix(run->wrapper->cpp_prefix, own.cpp_prefix, &run->self);
	run->passes = run->prefix != NULL && run->cpp_prefix != NULL;
}

/* Puts the engine before a compiler. One that was given to us as an argument has what stands before it already. */
static void add_engine(struct run *run)
{
	const char *engine = getenv(ENV_LAUNCHER);
	char **command;

	if (engine == NULL || *engine == '\0' || run->prefixed || run->wrapper != NULL ||
	    !engine_takes(run->settings.family) || (command = engine_command(&run->real, engine, run->argv)) == NULL)
		return;
	run->argv = command;
	run->real.path = command[0];
	run->wrapper = wrapper_of(run->real.path);
	if (run->wrapper == NULL)
		return;
	choose_prefixes(run);
	tell_hops(run);
}

static _Noreturn void govern(struct run *run)
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct job job;
	const char *why = "";
	char *makeflags;
	bool joins;

	if (!jobserver_open(&jobserver, &why))
		without_jobserver(run, why);
	if (run->adapter != NULL) {
		makeflags = adapter_mend(run->adapter, &jobserver, run->real.path, run->argv, &joins);
		if (makeflags != NULL)
			environment_put(makeflags);
		/* A client with a pool of its own holds nothing of ours: its tools pay for themselves. */
		if (!joins)
			exec_tool(run);
	}
	add_engine(run);
	if (run->passes && environment_put(run->prefix) && environment_put(run->cpp_prefix))
		exec_tool(run);
	if (starts_server(run))
		wrapper_hide_jobserver(&jobserver);
	if (run->probe)
		exec_tool(run);
	/* A foreign jobserver's ledger names no owner, and nobody sums up the runs in it: most runs need none at all. */
	if (jobserver.own)
		open_ledger(run, &jobserver, &ledger);
	else
		ledger_none(&ledger);
	job = run->pays ? job_that_pays() : job_find(&jobserver, &ledger);
#ifdef JOBSHIM_NAIVE
	job.ours = false;
#endif
	if (job.ours) {
		if (run->adapter == NULL)
			ledger_count_caller_run(&ledger);
		exec_tool(run);
	}
	if (!jobserver.own)
		open_ledger(run, &jobserver, &ledger);
	run_in_slot(run, &jobserver, &job, &ledger);
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
		if (argc == 2 && question_answer(argv[1], &status))
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
		choose_prefixes(&run);
	choose_argv0(&run);
	count_hop(&run);
	if (!run.builds && run.real.stripped_path != NULL)
		environment_put(run.real.stripped_path);
	tool_settings_read(&run.settings, run.self.shim_dir, base_name(run.compiler == run.argv ? run.tool : run.compiler[0]));
	run.probe = arguments_are_probe(run.settings.family, run.compiler);
	if ((disable != NULL && strcmp(disable, "1") == 0) || (run.probe && !starts_server(&run)))
		exec_tool(&run);
	govern(&run);
}
