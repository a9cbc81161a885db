#include "run/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/acquire.h"
#include "acquire/tell.h"
#include "child/child.h"
#include "journal/journal.h"
#include "run/become.h"
#include "run/findings.h"
#include "run/run.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "rules/costs.h"
#include "rules/policy.h"
#include "wait/solejob.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/families.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/environment.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/text.h"

/* A run of the tool, and what came of it. */
struct ran {
	int status, error;
	uint64_t began_us, ran_ns;
	struct rusage usage;
};

/* Whether the tool was started. If no child can be, it takes our place, ungoverned: what is wrong with the tool itself, that tells. */
static bool was_started(const struct run *run, const struct inherited *inherited, int status, int error)
{
	if (status >= 0)
		return true;
	if (error == ECHILD)
		run_fail(run, error);
	report_debug("%s: not governed: it can't be started as a child: %s", run->tool, strerror(error));
	child_unprepare(inherited);
	return false;
}

/* As child_run(). */
static int run_as_child(const struct run *run, const struct inherited *inherited, const struct meanwhile *meanwhile,
                        struct rusage *usage)
{
	struct call call;
	int status = -1;

	for (unsigned try = 0; run_call(run, try, &call); try++) {
		status = child_run(call.path, call.argv, call.envp, inherited, meanwhile, usage);
		if (status >= 0 || errno != E2BIG)
			break;
	}
	return status;
}

bool hold_hidden(const struct run *run, const char *why)
{
	static const struct meanwhile nothing = { .step = NULL };
	struct inherited inherited;
	struct rusage usage;
	int status, error, slot = hidden_take(&run->self);

	if (slot < 0)
		return false;
	report_debug("%s: not governed: %s", run->tool, why);
	child_prepare(&inherited);
	status = run_as_child(run, &inherited, &nothing, &usage);
	error = errno;
	close(slot);
	if (was_started(run, &inherited, status, error))
		child_end_like(status);
	return true;
}

/* For those who look at the tool: the launcher above it has no slot. */
static void mark_overdraft(void)
{
	static char assignment[64];
	const char *hops = getenv(ENV_HOPS);

	text_put(assignment, sizeof assignment, "%s=%ld%s", ENV_HOPS, hops == NULL ? 1 : number_first(hops), HOPS_OVERDRAFT);
	environment_put(assignment);
}

/* For those who look from outside, who tell a wrapper by it. gcc past the shims, whose ld is one, is no wrapper by that. */
static void note_caller(const struct hold *hold)
{
	if (family_is_part(hold->run->settings.family))
		return;
	ledger_note_caller(hold->pool->ledger, hold->job.caller);
	ledger_note_caller(hold->pool->ledger, getpid());
}

static bool is_in_callers(const struct hold *hold, const struct acquire *acquire)
{
	return hold->is_callers || (hold->job.nested && acquire->slot.kind == SLOT_IMPLICIT);
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
		record_count_run(&acquire->record, hold->pool->jobserver, acquire->slot.claimed ? COUNTED_CLAIMED : COUNTED_RUN,
		                 acquire->waited_ns);
	}
}

/* Whose slot it is, as a journal has it. */
static const char *slot_name(const struct hold *hold, const struct acquire *acquire)
{
	if (acquire->slot.kind == SLOT_IMPLICIT)
		return hold->is_callers || hold->job.nested ? "caller" : "implicit";
	return acquire->slot.kind == SLOT_TOKEN ? "token" : "overdraft";
}

static void run_child(const struct hold *hold, struct inherited *inherited, struct ran *ran)
{
	const struct run *run = hold->run;
	uint64_t began_ns = 0;
	char *number_at = run->builds ? badge_make(&hold->pool->locks) : NULL;

	if (hold->journal != NULL) {
		ran->began_us = realtime_us();
		began_ns = monotonic_ns();
	}
	if (number_at != NULL && adapter_is_client(run->adapter))
		inherited->number_at = number_at;
	ran->status = run_as_child(run, inherited, &hold->meanwhile, &ran->usage);
	ran->error = errno;
	if (hold->journal != NULL)
		ran->ran_ns = monotonic_ns() - began_ns;
}

static void write_journal(const struct hold *hold, const struct acquire *acquire, unsigned slots, const struct ran *ran)
{
	const struct run *run = hold->run;
	const struct journal_run ended = {
		.pid = getpid(),
		.tool = run->name,
		.path = run->real.path,
		.kind = run->builds ? "client" : run_kind_names[run->kind],
		.file = run->builds ? "" : arguments_file(run->kind, run->compiler),
		.slot = slot_name(hold, acquire),
		.slots = slots,
		.job = hold->job.key,
		.gate = acquire->gate,
		.waited_ns = acquire->waited_ns,
		.gated_ns = acquire->gated_ns,
		.began_us = ran->began_us,
		.ran_ns = ran->ran_ns,
		.known = JOURNAL_ALL,
		.status = ran->status,
		.usage = ran->usage,
	};

	journal_append(hold->journal, &ended);
}

void hold_begin(struct hold *hold, struct findings *findings)
{
	const struct run *run = findings->run;

	hold->run = run;
	hold->pool = &findings->pool;
	hold->is_callers = findings->job.ours;
	hold->journal = findings->facts.journal;
	hold->ended = NULL;
	hold->meanwhile.step = NULL;
	hold->job = findings->job;
	if (hold->is_callers) {
		hold->job = job_of_callers(&findings->subject, &findings->job);
		hold->job.owed = false; /* that was seen to */
	}
	hold->of = (struct acquire_for){
		.pool = &findings->pool,
		.subject = &findings->subject,
		.self = &run->self,
		.tool = run->name,
		.job = &hold->job,
		.policy = &run->policy,
		.gathering = run->policy.tokens > 1 ? (void *)arena_keep(sizeof(struct gathering)) : NULL,
		.patience = findings->patience,
	};
	child_prepare(&hold->inherited);
}

/* No slot was taken. */
static void leave(struct hold *hold)
{
	static const char why[] = "it can't be read";
	const struct run *run = hold->run;

	record_free(&hold->acquire.record);
	child_unprepare(&hold->inherited);
	if (hold->acquire.admission == PASSED)
		return;
	if (run->settings.error_without)
		run_refuse(run, why);
	report_debug("%s: not governed: %s", run->tool, why);
}

void hold_tool(struct hold *hold)
{
	const struct run *run = hold->run;
	struct acquire *acquire = &hold->acquire;
	struct ran ran = { .status = 0 };
	unsigned slots;

	acquire_tell(acquire, run->tool);
	if (acquire->slot.kind == SLOT_NONE) {
		leave(hold);
		return;
	}
	if (acquire->slot.kind == SLOT_OVERDRAFT && !run->builds)
		mark_overdraft();
	count_start(hold, acquire);
	run_child(hold, &hold->inherited, &ran);
	slots = acquire_slots(acquire);
	acquire_give_back(acquire);
	if (!was_started(run, &hold->inherited, ran.status, ran.error))
		return;
	if (!run->builds)
		costs_note(run->self.shim_dir, run->name, run->kind, ran.usage.ru_maxrss);
	if (hold->journal != NULL)
		write_journal(hold, acquire, slots, &ran);
	if (hold->ended != NULL)
		hold->ended(hold->pool->jobserver);
	child_end_like(ran.status);
}
