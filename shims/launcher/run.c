#include "launcher/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapt/adapter.h"
#include "adapt/engine.h"
#include "adapt/wrapper.h"
#include "launcher/child.h"
#include "launcher/claim.h"
#include "launcher/journal.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/mapping.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/find.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/outer.h"
#include "rules/costs.h"
#include "rules/gate.h"
#include "rules/policy.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/families.h"
#include "tool/toolfile.h"
#include "wait/gather.h"
#include "wait/job.h"
#include "wait/owed.h"
#include "wait/slot.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/environment.h"
#include "ground/report.h"

static const double BLIND_PATIENCE = 5; /* seconds: it can't be told whether anybody works, and most compilers need less */

static _Noreturn void fail_to_start(const struct run *run, int error)
{
	report("%s: can't be started: %s", run->real.path, strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

_Noreturn void run_exec(const struct run *run)
{
	mapping_restore_signals();
	if (run->pays) /* what it names, as `run` without --token would find it: its shim, where it has one */
		exec_found(run->argv, environ);
	else
		exec_program(run->real.path, run->argv, environ);
	fail_to_start(run, errno);
}

static void tell_ungoverned(const struct run *run, const char *why)
{
	report_debug("%s: not governed: %s", run->tool, why);
}

/* It gets our own process, and so no slot. What is wrong with the tool itself, this one tells. */
static _Noreturn void run_without_child(const struct run *run, const struct inherited *inherited, int error)
{
	report_debug("%s: not governed: it can't be started as a child: %s", run->tool, strerror(error));
	child_unprepare(inherited);
	run_exec(run);
}

/* No slot is to be had: runs the tool as it is, or fails, as the policy no-jobserver has it. */
static _Noreturn void without_jobserver(const struct run *run, const char *why)
{
	if (run->kind == RUN_PROBE)
		run_exec(run);
	if (run->settings.error_without) {
		report("%s: no jobserver: %s\n  start the build below make -jN or jobshim run, or set %s=pass", run->tool, why,
		       ENV_NO_JOBSERVER);
		_exit(EXIT_JOBSHIM);
	}
	tell_ungoverned(run, why);
	run_exec(run);
}

/* Runs the tool in the slot that all share whom the pool is hidden from, if that is had soon. */
static void run_hidden(const struct run *run, const char *why)
{
	struct inherited inherited;
	struct rusage usage;
	int status, error, slot = hidden_take(&run->self);

	if (slot < 0)
		return;
	tell_ungoverned(run, why);
	child_prepare(&inherited);
	status = child_run(run->real.path, run->argv, environ, &inherited, &usage);
	error = errno;
	close(slot);
	if (status < 0 && error != ECHILD)
		run_without_child(run, &inherited, error);
	if (status < 0)
		fail_to_start(run, error);
	child_end_like(status);
}

/* A make would say that it can't open what `jobshim run` has named. Its own, of a make above, it keeps. */
static void forget_jobserver(const struct jobserver *jobserver)
{
	const char *flags = jobserver->another ? NULL : getenv("MAKEFLAGS");
	char *without = flags == NULL ? NULL : makeflags_without_jobserver(flags);

	if (without != NULL)
		environment_put(without);
}

static void tell_ungated(const struct run *run, const struct ledger *ledger)
{
	report_debug("%s: no rule is heeded: %s", run->tool, ledger->fd < 0 ? ledger->why : "the ledger can't note it");
}

/* Waits until the rules let the run look for a slot. */
static enum admission wait_for_gates(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                                     struct record *record, const struct inherited *inherited, uint64_t *waited_ns)
{
	enum admission admission;

	*waited_ns = 0;
	if (!policy_has_gates(&run->policy))
		return UNGATED;
	admission = gate_pass(&run->policy, jobserver, job, record, &inherited->mask, run->settings.patience, waited_ns);
	ledger_count_gate(record->ledger, record->at->gate, *waited_ns);
	if (admission == UNGATED)
		tell_ungated(run, record->ledger);
	if (admission == LOCKED) {
		report("%s: no rule is heeded: another process has the ledger's lock for more than %d s", run->tool, LOCKED_MS / 1000);
		return UNGATED;
	}
	if (admission == IMPATIENT) {
		ledger_count_overdraft(record->ledger, job->key);
		report("%s: a rule kept it from running for %g s on an idle machine: run all the same", run->tool,
		       run->settings.patience);
	}
	return admission;
}

/* Becomes the tool, in the slot that our caller took, if its gates are open: all that stays behind is the record. Returns
 * where it must wait. */
static void run_at_once(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                        struct ledger *ledger)
{
	enum admission admission = UNGATED;
	struct record record;

	if (record_prepare(&record, ledger, jobserver, &(struct record_of){ .pid = getpid(), .job = job->key, .tool = run->name }))
		admission = gate_pass_at_once(&run->policy, &record, job);
	if (admission == CLOSED) {
		record_abandon(&record);
		ledger_map(ledger);
		return;
	}
	if (admission == UNGATED)
		tell_ungated(run, ledger);
	if (admission == ADMITTED && jobserver->own)
		ledger_count_caller_run(ledger);
	run_exec(run);
}

/* Takes the further slots that a rule asks for. NULL where there is no room to note them. */
static struct gathering *gather(const struct run *run, unsigned wanted, const struct jobserver *jobserver,
                                const struct job *job, struct record *record, struct slot *slot,
                                const struct inherited *inherited)
{
	struct gathering *gathering = (void *)arena_keep(sizeof *gathering);
	const uint64_t began_ns = monotonic_ns();
	enum gathered gathered = GATHERED;

	if (gathering != NULL)
		memset(gathering, 0, sizeof *gathering);
	if (gathering != NULL && (slot->kind == SLOT_TOKEN || slot->kind == SLOT_IMPLICIT))
		gathered = gather_take(gathering, wanted, jobserver, job, record, slot, &inherited->mask, run->settings.patience);
	if (gathered == UNNOTED)
		report_debug("%s: the jobserver or the ledger can't be read: run in one slot, not in %u", run->tool, wanted);
	if (gathered == IN_VAIN)
		report("%s: %u slots were not free together for %g s on an idle machine: run in one", run->tool, wanted,
		       run->settings.patience);
	record_gathers(record, wanted, false);
	slot->waited_ns += monotonic_ns() - began_ns;
	return gathering;
}

/* For who looks from outside: a wrapper is told by it. */
static void note_caller(const struct run *run, const struct job *job, const struct ledger *ledger)
{
	/* gcc past the shims, whose ld is one, is no wrapper by that. */
	if (family_is_part(run->settings.family))
		return;
	ledger_note_caller(ledger, job->caller);
	ledger_note_caller(ledger, getpid());
}

static void count_start(const struct run *run, const struct job *job, const struct jobserver *jobserver,
                        struct record *record, const struct slot *slot)
{
	const struct ledger *ledger = record->ledger;

	if (!run->builds)
		note_caller(run, job, ledger);
	if (run->builds)
		ledger_count_wait(ledger, slot->waited_ns);
	else if (run->in_callers || (job->nested && slot->kind == SLOT_IMPLICIT)) {
		ledger_count_caller_run(ledger); /* nested: in the slot of the tool above, which is counted already */
		ledger_count_wait(ledger, slot->waited_ns);
	} else
		record_count_run(record, jobserver, slot->waited_ns);
}

/* Whose slot it is, as a journal has it. */
static const char *slot_name(const struct run *run, const struct job *job, const struct slot *slot)
{
	if (slot->kind == SLOT_IMPLICIT)
		return run->in_callers || job->nested ? "caller" : "implicit";
	return slot->kind == SLOT_TOKEN ? "token" : "overdraft";
}

/* To who looks at the tool: the launcher above it has no slot. */
static void tell_overdraft(void)
{
	static char assignment[64];
	const char *hops = getenv(ENV_HOPS);

	snprintf(assignment, sizeof assignment, "%s=%ld%s", ENV_HOPS, hops == NULL ? 1 : strtol(hops, NULL, 10), HOPS_OVERDRAFT);
	environment_put(assignment);
}

static _Noreturn void run_in_slot(const struct run *run, const struct jobserver *jobserver, const struct job *job,
                                  struct ledger *ledger)
{
	struct gathering *gathering = NULL;
	struct job paid = *job; /* whose slot it is in the end */
	struct record record;
	struct inherited inherited;
	struct rusage usage;
	struct slot slot;
	enum admission admission;
	uint64_t gated_ns, began_us = 0, began_ns = 0, ran_ns = 0;
	unsigned wanted, slots = 1;
	int status, error, gate;
	char *number_at;

	child_prepare(&inherited);
	record_claim(&record, ledger, jobserver, &(struct record_of){ .pid = getpid(), .job = job->key, .tool = run->name });
	admission = wait_for_gates(run, jobserver, job, &record, &inherited, &gated_ns);
	if (admission == PASSED) {
		record_free(&record);
		child_unprepare(&inherited);
		run_exec(run);
	}
	gate = record.at->gate;
	wanted = admission == UNGATED ? 1 : policy_slots(&run->policy, ledger);
	paid.claim = claim_of(job, jobserver, ledger);
	slot = owed_take(&run->self, &paid, jobserver, &record, &inherited.mask, run->settings.patience, wanted > 1);
	slot.waited_ns += gated_ns;
	if (slot.kind == SLOT_NONE) {
		record_free(&record);
		child_unprepare(&inherited);
		without_jobserver(run, "it can't be read");
	}
	if (slot.kind == SLOT_OVERDRAFT && !run->builds)
		tell_overdraft();
	if (slot.kind == SLOT_OVERDRAFT)
		report("%s: no slot was free for %g s on an idle machine: run without one", run->tool, run->settings.patience);
	if (wanted > 1)
		gathering = gather(run, wanted, jobserver, &paid, &record, &slot, &inherited);
	count_start(run, job, jobserver, &record, &slot);
	if (run->journal != NULL) {
		began_us = journal_now_us();
		began_ns = monotonic_ns();
	}
	if (run->builds && (number_at = badge_make(jobserver)) != NULL && adapter_is_client(run->adapter))
		inherited.number_at = number_at;
	status = child_run(run->pays ? NULL : run->real.path, run->argv, environ, &inherited, &usage);
	error = errno;
	if (run->journal != NULL)
		ran_ns = monotonic_ns() - began_ns;
	if (gathering != NULL) {
		slots += gathering->tokens + gathering->borrowed;
		record_count_end(&record);
		gather_give_back(gathering, jobserver); /* before our record goes, for which others wait at their gates */
	}
	slot_give_back(&slot, jobserver, &record);
	if (status < 0 && error != ECHILD)
		run_without_child(run, &inherited, error);
	if (status < 0)
		fail_to_start(run, error);
	if (!run->builds)
		costs_note(run->self.shim_dir, run->name, run->kind, usage.ru_maxrss);
	if (run->journal != NULL)
		journal_append(run->journal,
		               &(struct journal_run){
		                       .tool = run->name,
		                       .path = run->real.path,
		                       .kind = run->builds ? "client" : run_kind_names[run->kind],
		                       .file = run->builds ? "" : arguments_file(run->kind, run->compiler),
		                       .slot = slot_name(run, job, &slot),
		                       .slots = slots,
		                       .job = job->key,
		                       .gate = gate,
		                       .waited_ns = slot.waited_ns,
		                       .gated_ns = gated_ns,
		                       .began_us = began_us,
		                       .ran_ns = ran_ns,
		                       .status = status,
		                       .usage = usage,
		               });
	child_end_like(status);
}

/* What a client starts it pays for itself. */
static void read_policy(struct run *run)
{
	const struct policy_run told = { .tool = run->name, .family = run->settings.family, .kind = run->kind };

	policy_none(&run->policy);
	if (run->builds)
		return;
	policy_read(&run->policy, &told, run->self.shim_dir, run->settings.has_rules);
	if (run->policy.learns)
		run->policy.memory = costs_learned(run->self.shim_dir, told.tool, run->kind);
}

static void open_ledger(const struct run *run, const struct jobserver *jobserver, struct ledger *ledger,
                        enum ledger_use use)
{
	ledger_open(ledger, jobserver, use);
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
	char *outer = outer_assignment(jobserver);
	char *paid = hidden_paid();

	adapter_mend(&adaption);
	run->argv = adaption.argv;
	if (outer != NULL)
		environment_put(outer);
	if (adaption.assignment != NULL)
		environment_put(adaption.assignment);
	if (adaption.removal != NULL)
		environment_remove(adaption.removal);
	/* A client with a pool of its own holds nothing of ours: its tools pay for themselves. */
	if (!adaption.pays)
		run_exec(run);
	if (paid != NULL && adapter_is_client(run->adapter))
		environment_put(paid);
}

bool run_starts_server(const struct run *run)
{
	return run->wrapper != NULL && run->wrapper->server;
}

void run_choose_prefixes(struct run *run)
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
	const char *named = getenv(ENV_LAUNCHER), *engine = named == NULL ? run->policy.engine : named;
	char **command;

	if (*engine == '\0' || run->prefixed || run->wrapper != NULL ||
	    !engine_takes(run->settings.family) || (command = engine_command(&run->real, engine, run->argv)) == NULL)
		return;
	run->argv = command;
	run->real.path = command[0];
	run->wrapper = wrapper_of(run->real.path);
	if (run->wrapper != NULL)
		run_choose_prefixes(run);
}

_Noreturn void run_govern(struct run *run)
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct job job;
	const char *why = "";
	bool at_once;

	if (!jobserver_open(&jobserver, &why) && !(run->adapter != NULL && adapter_may_leave(run->adapter, run->argv) &&
	                                           outer_open_above(&jobserver))) {
		if (hidden_is_likely(&jobserver) && run->kind != RUN_PROBE && !run->settings.error_without) {
			if (run->adapter != NULL)
				forget_jobserver(&jobserver);
			else if (hidden_is_unpaid(&jobserver, job_launchers_above(run->builds)))
				run_hidden(run, why);
		}
		without_jobserver(run, why);
	}
	if (run->adapter != NULL)
		adapt(run, &jobserver);
	read_policy(run);
	add_engine(run);
	if (run->passes && environment_put(run->prefix) && environment_put(run->cpp_prefix))
		run_exec(run);
	if (run_starts_server(run))
		wrapper_hide_jobserver(&jobserver);
	if (run->kind == RUN_PROBE)
		run_exec(run);
	/* A foreign jobserver's ledger names no owner, and nobody sums up the runs in it: most runs need none at all. */
	if (jobserver.own)
		open_ledger(run, &jobserver, &ledger, LEDGER_MAKE);
	else
		ledger_none(&ledger);
	job = run->pays ? job_that_pays() : job_find(&jobserver, &ledger, run->builds);
	if (job.ours)
		owed_find(&run->self, &job, &jobserver, &ledger, NULL);
#ifdef JOBSHIM_NAIVE
	job.ours = false;
#endif
	if (job.nested) /* the run above has passed the gates */
		policy_none(&run->policy);
	else if (!job.ours && !run->builds) /* else make has looked */
		policy_heed_make(&run->policy);
	if (job.blind && run->settings.patience > BLIND_PATIENCE)
		run->settings.patience = BLIND_PATIENCE;
	run->in_callers = job.ours;
	run->journal = journal_path(&jobserver, &ledger);
	/* A client's tools have lines of their own. */
	if (job.ours && !policy_has_gates(&run->policy) && (run->journal == NULL || run->builds)) {
		if (run->adapter == NULL) {
			ledger_count_caller_run(&ledger);
			note_caller(run, &job, &ledger);
		} else if (adapter_is_client(run->adapter)) {
			badge_pass_on(&jobserver);
		}
		run_exec(run);
	}
	/* What it needed, and the slots beyond its caller's, only a launcher that stays can see to. */
	at_once = run->in_callers && !run->policy.learns && run->policy.tokens == 1 && run->journal == NULL;
	if (!jobserver.own)
		open_ledger(run, &jobserver, &ledger, at_once ? LEDGER_COPY : LEDGER_MAKE);
	if (at_once)
		run_at_once(run, &jobserver, &job, &ledger);
	if (job.ours) {
		job = job_of_callers(&job);
		job.owed = false; /* that was asked above */
	}
	run_in_slot(run, &jobserver, &job, &ledger);
}
