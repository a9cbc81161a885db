/* The program every shim points to. One tool run: find the real tool, take a slot, run it, give the slot back. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "arguments.h"
#include "child.h"
#include "contract.h"
#include "costs.h"
#include "gate.h"
#include "gather.h"
#include "job.h"
#include "jobserver.h"
#include "ledger.h"
#include "policy.h"
#include "process.h"
#include "question.h"
#include "report.h"
#include "resolve.h"
#include "slot.h"
#include "toolfile.h"

enum { ENVIRONMENT_MAX = 8192 };

extern char **environ;

/* All that is known of this run before a slot is sought. */
struct run {
	const char *tool; /* its plain name */
	char **argv;      /* the tool's; argv[0] is set by choose_argv0 */
	const struct adapter *adapter;
	bool builds; /* it starts tools: what has an adapter, or what `launcher --token` starts */
	bool pays;   /* it takes a token, whatever slot may be there */
	bool in_callers; /* it runs in the slot that its caller took */
	struct tool_settings settings;
	enum run_kind kind;
	struct policy policy;
	struct self self;
	struct resolution real;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Puts assignment ("NAME=value") into the environment. False where it would need a place that is not there. */
static bool put_environment(char *assignment)
{
	size_t name = strcspn(assignment, "=") + 1, count = 0;
	char **larger;

	for (; environ[count] != NULL; count++) {
		if (strncmp(environ[count], assignment, name) == 0) {
			environ[count] = assignment;
			return true;
		}
	}
	larger = count < ENVIRONMENT_MAX ? (char **)(void *)arena_keep((count + 2) * sizeof *larger) : NULL;
	if (larger == NULL)
		return false;
	memcpy(larger, environ, count * sizeof *environ);
	larger[count] = assignment;
	larger[count + 1] = NULL;
	environ = larger;
	return true;
}

/* Counts the launchers above us; a chain that is too long goes round in a circle. Adapters don't count: makes may be
 * nested as deep as they like. */
static void count_hop(struct run *run)
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
	put_environment(assignment);
}

/* gcc finds cc1, clang its mode, cmake its files and rustup its tool by argv[0]: the absolute path. make prints its own as
 * $(MAKE). */
static void choose_argv0(struct run *run)
{
	bool bare = run->argv[0] != NULL && strchr(run->argv[0], '/') == NULL;

	if (!bare || !(run->pays || adapter_keeps_name(run->adapter)))
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
	if (run->settings.error_without) {
		report("%s: no jobserver: %s\n  start the build below make -jN or jobshim run, or set %s=pass", run->tool, why,
		       ENV_NO_JOBSERVER);
		_exit(EXIT_JOBSHIM);
	}
	report_debug("%s: not governed: %s", run->tool, why);
	exec_tool(run);
}

/* Waits until the rules let the run look for a slot. */
static void wait_for_gates(const struct run *run, const struct jobserver *jobserver, struct ledger *ledger,
                           const struct inherited *inherited, uint64_t *waited_ns)
{
	*waited_ns = 0;
	if (!policy_has_gates(&run->policy))
		return;
	switch (gate_pass(&run->policy, jobserver, ledger, &inherited->mask, run->settings.patience, waited_ns)) {
	case ADMITTED:
		break;
	case UNGATED:
		report_debug("%s: no rule is heeded: %s", run->tool, ledger->fd < 0 ? ledger->why : "the ledger is full");
		break;
	case IMPATIENT:
		ledger_count_overdraft(ledger);
		report("%s: a rule kept it from running for %g s on an idle machine: run all the same", run->tool,
		       run->settings.patience);
	}
}

/* Takes the further slots that a rule asks for. NULL where there is no room to note them. */
static struct gathering *gather(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                                struct ledger *ledger, const struct slot *slot, const struct inherited *inherited)
{
	unsigned wanted = policy_slots(&run->policy, ledger);
	struct gathering *gathering = (void *)arena_keep(sizeof *gathering);

	if (gathering != NULL)
		memset(gathering, 0, sizeof *gathering);
	if (gathering != NULL && wanted > 1 && (slot->kind == SLOT_TOKEN || slot->kind == SLOT_IMPLICIT) &&
	    !gather_take(gathering, wanted, jobserver, job, ledger, slot, &inherited->mask, run->settings.patience))
		report("%s: %u slots were not free together for %g s on an idle machine: run in one", run->tool, wanted,
		       run->settings.patience);
	ledger_gathers(ledger, wanted, false);
	return gathering;
}

static void count_start(const struct run *run, const struct job *job, const struct jobserver *jobserver,
                        struct ledger *ledger, const struct slot *slot)
{
	if (run->builds)
		ledger_count_wait(ledger, slot->waited_ns);
	else if (run->in_callers || (job->nested && slot->kind == SLOT_IMPLICIT))
		ledger_count_caller_run(ledger); /* nested: in the slot of the tool above, which is counted already */
	else
		ledger_count_run(ledger, jobserver, slot->waited_ns);
}

static _Noreturn void run_in_slot(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                                  struct ledger *ledger)
{
	struct gathering *gathering = NULL;
	struct inherited inherited;
	struct rusage usage;
	struct slot slot;
	uint64_t gated_ns;
	int status, error;

	child_prepare(&inherited);
	ledger_claim(ledger, jobserver, job, base_name(run->tool));
	wait_for_gates(run, jobserver, ledger, &inherited, &gated_ns);
	slot = slot_take(jobserver, job, ledger, &inherited.mask, run->settings.patience, run->policy.tokens > 1);
	slot.waited_ns += gated_ns;
	if (slot.kind == SLOT_NONE) {
		ledger_free(ledger);
		child_unprepare(&inherited);
		without_jobserver(run, "it can't be read");
	}
	if (slot.kind == SLOT_OVERDRAFT)
		report("%s: no slot was free for %g s on an idle machine: run without one", run->tool, run->settings.patience);
	if (run->policy.tokens > 1)
		gathering = gather(run, jobserver, job, ledger, &slot, &inherited);
	count_start(run, job, jobserver, ledger, &slot);
	status = child_run(run->real.path, run->argv, environ, &inherited, &usage);
	error = errno;
	slot_give_back(&slot, jobserver, ledger);
	if (gathering != NULL)
		gather_give_back(gathering, jobserver);
	if (status < 0 && error != ECHILD) {
		/* It gets our own process, and so no slot. What is wrong with the tool itself, this one tells. */
		report_debug("%s: not governed: it can't be started as a child: %s", run->tool, strerror(error));
		child_unprepare(&inherited);
		exec_tool(run);
	}
	if (status < 0)
		fail_to_start(run, error);
	if (!run->builds)
		costs_note(run->self.shim_dir, base_name(run->tool), run->kind, usage.ru_maxrss);
	child_end_like(status);
}

/* What a client starts it pays for itself; and below a launcher the run above has passed the gates. */
static void read_policy(struct run *run, const struct job *job)
{
	const struct policy_run told = { .tool = base_name(run->tool), .family = run->settings.family, .kind = run->kind };

	policy_none(&run->policy);
	if (run->builds || job->nested)
		return;
	policy_read(&run->policy, &told, run->self.shim_dir, run->settings.has_rules);
	if (!job->ours) /* else make has looked */
		policy_heed_make(&run->policy);
	if (run->policy.learns)
		run->policy.memory = costs_learned(run->self.shim_dir, told.tool, run->kind);
}

static void open_ledger(const struct run *run, const struct jobserver *jobserver, struct ledger *ledger)
{
	ledger_open(ledger, jobserver, true);
	if (ledger->fd < 0)
		report_debug("%s: no crash safety: %s", run->tool, ledger->why);
}

/* Returns where the program is a client that needs a slot. */
static void adapt(struct run *run, const struct jobserver *jobserver)
{
	struct adaption adaption = {
		.adapter = run->adapter,
		.jobserver = jobserver,
		.shim_dir = run->self.shim_dir,
		.path = run->real.path,
		.join = run->settings.join,
		.argv = run->argv,
	};

	adapter_mend(&adaption);
	run->argv = adaption.argv;
	if (adaption.assignment != NULL)
		put_environment(adaption.assignment);
	if (adaption.removal != NULL)
		unsetenv(adaption.removal);
	/* A client with a pool of its own holds nothing of ours: its tools pay for themselves. */
	if (!adaption.pays)
		exec_tool(run);
}

static _Noreturn void govern(struct run *run)
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct job job;
	const char *why = "";

	if (!jobserver_open(&jobserver, &why))
		without_jobserver(run, why);
	if (run->adapter != NULL)
		adapt(run, &jobserver);
	/* A foreign jobserver's ledger names no owner, and nobody sums up the runs in it: most runs need none at all. */
	if (jobserver.own)
		open_ledger(run, &jobserver, &ledger);
	else
		ledger_none(&ledger);
	job = run->pays ? job_that_pays() : job_find(&jobserver, &ledger);
#ifdef JOBSHIM_NAIVE
	job.ours = false;
#endif
	read_policy(run, &job);
	run->in_callers = job.ours;
	if (job.ours && !policy_has_gates(&run->policy)) {
		if (run->adapter == NULL)
			ledger_count_caller_run(&ledger);
		exec_tool(run);
	}
	if (job.ours)
		job = job_of_callers();
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
	choose_argv0(&run);
	count_hop(&run);
	if (!run.builds && !adapter_keeps_path(base_name(run.tool)) && run.real.stripped_path != NULL)
		put_environment(run.real.stripped_path);
	tool_settings_read(&run.settings, run.self.shim_dir, base_name(run.tool));
	run.kind = arguments_kind(run.settings.family, run.argv);
	if ((disable != NULL && strcmp(disable, "1") == 0) || run.kind == RUN_PROBE)
		exec_tool(&run);
	govern(&run);
}
