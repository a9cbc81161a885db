#include "launcher/hold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/acquire.h"
#include "child/child.h"
#include "launcher/journal.h"
#include "launcher/run.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "rules/costs.h"
#include "rules/policy.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/families.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/environment.h"
#include "ground/report.h"

/* A run of the tool, and what came of it. */
struct ran {
	int status, error;
	uint64_t began_us, ran_ns;
	struct rusage usage;
};

/* No child can be started: exec in our place, ungoverned. What is wrong with the tool itself, that tells. */
static _Noreturn void exec_without_child(const struct run *run, const struct inherited *inherited, int error)
{
	report_debug("%s: not governed: it can't be started as a child: %s", run->tool, strerror(error));
	child_unprepare(inherited);
	run_exec(run);
}

static void check_started(const struct run *run, const struct inherited *inherited, int status, int error)
{
	if (status < 0 && error != ECHILD)
		exec_without_child(run, inherited, error);
	if (status < 0)
		run_fail(run, error);
}

void hold_hidden(const struct run *run, const char *why)
{
	struct inherited inherited;
	struct rusage usage;
	int status, error, slot = hidden_take(&run->self);

	if (slot < 0)
		return;
	report_debug("%s: not governed: %s", run->tool, why);
	child_prepare(&inherited);
	status = child_run(run->real.path, run->argv, environ, &inherited, &usage);
	error = errno;
	close(slot);
	check_started(run, &inherited, status, error);
	child_end_like(status);
}

/* For those who look at the tool: the launcher above it has no slot. */
static void mark_overdraft(void)
{
	static char assignment[64];
	const char *hops = getenv(ENV_HOPS);

	snprintf(assignment, sizeof assignment, "%s=%ld%s", ENV_HOPS, hops == NULL ? 1 : strtol(hops, NULL, 10), HOPS_OVERDRAFT);
	environment_put(assignment);
}

static void tell_gates(const struct run *run, const struct acquire *acquire, double patience)
{
	const struct ledger *ledger = acquire->record.ledger;

	if (!policy_has_gates(&run->policy))
		return;
	if (acquire->admission == UNGATED)
		report_debug("%s: no rule is heeded: %s", run->tool, ledger->fd < 0 ? ledger->why : "the ledger can't note it");
	if (acquire->admission == LOCKED)
		report("%s: no rule is heeded: another process has the ledger's lock for more than %d s", run->tool, LOCKED_MS / 1000);
	if (acquire->admission == IMPATIENT)
		report("%s: a rule kept it from running for %g s on an idle machine: run all the same", run->tool, patience);
}

static void tell_slots(const struct run *run, const struct acquire *acquire, double patience)
{
	if (acquire->slot.kind == SLOT_OVERDRAFT)
		report("%s: no slot was free for %g s on an idle machine: run without one", run->tool, patience);
	if (acquire->gathered == UNNOTED)
		report_debug("%s: the jobserver or the ledger can't be read: run in one slot, not in %u", run->tool, acquire->wanted);
	if (acquire->gathered == IN_VAIN)
		report("%s: %u slots were not free together for %g s on an idle machine: run in one", run->tool, acquire->wanted, patience);
}

/* For those who look from outside, who tell a wrapper by it. gcc past the shims, whose ld is one, is no wrapper by that. */
static void note_caller(const struct hold *hold)
{
	if (family_is_part(hold->run->settings.family))
		return;
	ledger_note_caller(hold->pool->ledger, hold->job->caller);
	ledger_note_caller(hold->pool->ledger, getpid());
}

static bool is_in_callers(const struct hold *hold, const struct acquire *acquire)
{
	return hold->is_callers || (hold->job->nested && acquire->slot.kind == SLOT_IMPLICIT);
}

static void count_start(const struct hold *hold, struct acquire *acquire)
{
	if (!hold->run->builds)
		note_caller(hold);
	if (hold->run->builds) {
		ledger_count_wait(hold->pool->ledger, acquire->waited_ns);
	} else if (is_in_callers(hold, acquire)) {
		ledger_count_caller_run(hold->pool->ledger); /* nested: the run above is counted already */
		ledger_count_wait(hold->pool->ledger, acquire->waited_ns);
	} else {
		record_count_run(&acquire->record, hold->pool->jobserver, acquire->waited_ns);
	}
}

/* Whose slot it is, as a journal has it. */
static const char *slot_name(const struct hold *hold, const struct acquire *acquire)
{
	if (acquire->slot.kind == SLOT_IMPLICIT)
		return hold->is_callers || hold->job->nested ? "caller" : "implicit";
	return acquire->slot.kind == SLOT_TOKEN ? "token" : "overdraft";
}

static void run_child(const struct hold *hold, struct inherited *inherited, struct ran *ran)
{
	const struct run *run = hold->run;
	uint64_t began_ns = 0;
	char *number_at = run->builds ? badge_make(&hold->pool->locks) : NULL;

	if (hold->journal != NULL) {
		ran->began_us = journal_now_us();
		began_ns = monotonic_ns();
	}
	if (number_at != NULL && adapter_is_client(run->adapter))
		inherited->number_at = number_at;
	ran->status = child_run(run->by_token ? NULL : run->real.path, run->argv, environ, inherited, &ran->usage);
	ran->error = errno;
	if (hold->journal != NULL)
		ran->ran_ns = monotonic_ns() - began_ns;
}

static void write_journal(const struct hold *hold, const struct acquire *acquire, unsigned slots, const struct ran *ran)
{
	const struct run *run = hold->run;
	const struct journal_run ended = {
		.tool = run->name,
		.path = run->real.path,
		.kind = run->builds ? "client" : run_kind_names[run->kind],
		.file = run->builds ? "" : arguments_file(run->kind, run->compiler),
		.slot = slot_name(hold, acquire),
		.slots = slots,
		.job = hold->job->key,
		.gate = acquire->gate,
		.waited_ns = acquire->waited_ns,
		.gated_ns = acquire->gated_ns,
		.began_us = ran->began_us,
		.ran_ns = ran->ran_ns,
		.status = ran->status,
		.usage = ran->usage,
	};

	journal_append(hold->journal, &ended);
}

void hold_tool(const struct hold *hold, const char **why)
{
	const struct run *run = hold->run;
	struct inherited inherited;
	struct acquire acquire;
	struct ran ran = { .status = 0 };
	unsigned slots;
	const struct acquire_for of = {
		.pool = hold->pool,
		.subject = hold->subject,
		.self = &run->self,
		.tool = run->name,
		.job = hold->job,
		.policy = &run->policy,
		.gathering = run->policy.tokens > 1 ? (void *)arena_keep(sizeof(struct gathering)) : NULL,
		.patience = hold->patience,
	};

	child_prepare(&inherited);
	acquire_begin(&acquire, &of);
	acquire_wait(&acquire, &inherited.mask);
	tell_gates(run, &acquire, hold->patience);
	if (acquire.slot.kind == SLOT_NONE) {
		*why = acquire.admission == PASSED ? NULL : "it can't be read";
		record_free(&acquire.record);
		child_unprepare(&inherited);
		return;
	}
	if (acquire.slot.kind == SLOT_OVERDRAFT && !run->builds)
		mark_overdraft();
	tell_slots(run, &acquire, hold->patience);
	count_start(hold, &acquire);
	run_child(hold, &inherited, &ran);
	slots = acquire_slots(&acquire);
	acquire_give_back(&acquire);
	check_started(run, &inherited, ran.status, ran.error);
	if (!run->builds)
		costs_note(run->self.shim_dir, run->name, run->kind, ran.usage.ru_maxrss);
	if (hold->journal != NULL)
		write_journal(hold, &acquire, slots, &ran);
	child_end_like(ran.status);
}
