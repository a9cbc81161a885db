#include "launcher/govern.h"

#include <stdlib.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/owed.h"
#include "adapt/adapter.h"
#include "adapt/wrapper.h"
#include "launcher/hold.h"
#include "launcher/journal.h"
#include "launcher/plan.h"
#include "launcher/run.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/find.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/outer.h"
#include "pool/pool.h"
#include "rules/gate.h"
#include "rules/policy.h"
#include "tool/adapters.h"
#include "tool/families.h"
#include "wait/job.h"
#include "wait/sleeper.h"
#include "wait/waiting.h"
#include "ground/environment.h"
#include "ground/report.h"
#include "proc/subject.h"

static const double BLIND_PATIENCE = 5; /* seconds: it can't be told whether anybody works, and most compilers need less */

enum { LOCKS_MAX = 2 * LEDGER_TOKENS_MAX }; /* of one run: its slots, its place in the queue, what it pays for */

/* What is found out step by step. */
struct governed {
	struct run *run;
	struct facts facts;
	const char *why; /* there is no jobserver: the reason, for people */
	struct subject subject;
	struct jobserver jobserver;
	struct ledger ledger;
	struct lock locks[LOCKS_MAX];
	struct pool pool;
	struct job job;
	double patience;
};

/* Opens the jobserver. If there is none, finds out whether one is hidden. */
static void find_jobserver(struct governed *governed)
{
	struct run *run = governed->run;
	struct jobserver *jobserver = &governed->jobserver;

	governed->facts.has_jobserver =
	    jobserver_open(jobserver, &governed->why) ||
	    (run->adapter != NULL && adapter_may_leave(run->adapter, run->argv) && outer_open_above(jobserver));
	if (governed->facts.has_jobserver)
		return;
	governed->facts.is_hidden = hidden_is_likely(jobserver);
	governed->facts.is_unpaid = hidden_is_unpaid(jobserver, job_launchers_above(&governed->subject, run->builds));
}

/* Makes what the program is told of the jobserver such that it can join. */
static void adapt(struct governed *governed)
{
	struct run *run = governed->run;
	struct adaption adaption = {
		.adapter = run->adapter,
		.jobserver = &governed->jobserver,
		.shim_dir = run->self.shim_dir,
		.path = run->real.path,
		.join = run->settings.join,
		.argv = run->argv,
	};
	char *outer = outer_assignment(&governed->jobserver);
	char *paid = hidden_paid();

	adapter_mend(&adaption);
	run->argv = adaption.argv;
	governed->facts.needs_slot = adaption.pays;
	if (outer != NULL)
		environment_put(outer);
	if (adaption.assignment != NULL)
		environment_put(adaption.assignment);
	if (adaption.removal != NULL)
		environment_remove(adaption.removal);
	if (adaption.pays && paid != NULL && adapter_is_client(run->adapter))
		environment_put(paid);
}

/* What the tool is started by, and with. */
static void equip(struct governed *governed)
{
	struct run *run = governed->run;

	run_read_policy(run);
	run_add_engine(run);
	run->passes = run->passes && environment_put(run->prefix) && environment_put(run->cpp_prefix);
	if (!run->passes && run_starts_server(run))
		wrapper_hide_jobserver(&governed->jobserver);
}

static void open_ledger(struct governed *governed, enum ledger_use use)
{
	ledger_open(&governed->ledger, &governed->jobserver, use);
	if (governed->ledger.fd < 0)
		report_debug("%s: no crash safety: %s", governed->run->tool, governed->ledger.why);
}

/* Sees to what is owed for the slot that our caller took: if nobody else pays, it is none. */
static void see_to_owed(struct governed *governed)
{
	struct sleeper sleeper = sleeper_make(governed->jobserver.read_fd, NULL);
	struct waiting waiting = { .call = -1, .due_ns = UINT64_MAX };
	struct owed owed;

	if (owed_begin(&owed, &governed->pool, governed->run, &governed->subject, &governed->run->self, &governed->job) != OWED_WAITS)
		return;
	waiting.end = owed.told;
	sleeper_sleep(&sleeper, &waiting);
	(void)owed_end(&owed, &governed->job);
}

/* Finds whose slot the run has, and what that means for its rules. */
static void find_job(struct governed *governed)
{
	struct run *run = governed->run;
	struct job *job = &governed->job;

	/* A foreign jobserver's ledger names no owner, and nobody sums up the runs in it: most runs need none at all. */
	if (governed->jobserver.own)
		open_ledger(governed, LEDGER_MAKE);
	else
		ledger_none(&governed->ledger);
	governed->pool = (struct pool){
		.jobserver = &governed->jobserver,
		.ledger = &governed->ledger,
		.locks = { .fd = governed->jobserver.write_fd, .held = governed->locks, .room = LOCKS_MAX },
	};
	*job = run->by_token ? job_that_pays(&governed->subject)
	                     : job_find(&governed->subject, &governed->jobserver, &governed->ledger, run->builds);
	if (job->ours)
		see_to_owed(governed);
	if (job->nested) /* the run above has passed the gates */
		policy_none(&run->policy);
	else if (!job->ours && !run->builds) /* else make has looked */
		policy_heed_make(&run->policy);
	governed->patience = run->settings.patience;
	if (job->blind && governed->patience > BLIND_PATIENCE)
		governed->patience = BLIND_PATIENCE;
	governed->facts.job = job;
	governed->facts.journal = journal_path(&governed->jobserver, &governed->ledger);
}

/* A make would say that it can't open what `jobshim run` has named. Its own, of a make above, it keeps. */
static void forget_jobserver(const struct jobserver *jobserver)
{
	const char *flags = jobserver->another ? NULL : getenv("MAKEFLAGS");
	char *without = flags == NULL ? NULL : makeflags_without_jobserver(flags);

	if (without != NULL)
		environment_put(without);
}

/* Notes, for those who look from outside, that the tool runs in its caller's slot. */
static void note_callers(const struct governed *governed)
{
	const struct run *run = governed->run;

	if (run->adapter == NULL) {
		ledger_count_caller_run(&governed->ledger);
		if (!family_is_part(run->settings.family)) { /* gcc past the shims, whose ld is one, is no wrapper by that */
			ledger_note_caller(&governed->ledger, governed->job.caller);
			ledger_note_caller(&governed->ledger, getpid());
		}
	} else if (adapter_is_client(run->adapter)) {
		badge_pass_on(&governed->jobserver);
	}
}

static _Noreturn void become(const struct governed *governed)
{
	const struct run *run = governed->run;
	const struct facts *facts = &governed->facts;

	if (!facts->has_jobserver && facts->is_hidden && run->adapter != NULL && run->kind != RUN_PROBE)
		forget_jobserver(&governed->jobserver);
	if (!facts->has_jobserver && run->kind != RUN_PROBE)
		report_debug("%s: not governed: %s", run->tool, governed->why);
	if (facts->job != NULL)
		note_callers(governed);
	run_exec(run);
}

/* Becomes the tool if its gates are open: all that stays behind is the record. Returns if it must wait. */
static void become_gated(struct governed *governed)
{
	const struct run *run = governed->run;
	const struct record_of of = { .pid = getpid(), .job = governed->job.key, .tool = run->name };
	enum admission admission = UNGATED;
	struct record record;

	if (record_prepare(&record, &governed->ledger, &governed->jobserver, &of))
		admission = gate_pass_at_once(&run->policy, &record, &governed->job);
	if (admission == CLOSED) {
		record_abandon(&record);
		ledger_map(&governed->ledger);
		return;
	}
	if (admission == UNGATED)
		report_debug("%s: no rule is heeded: %s", run->tool,
		             governed->ledger.fd < 0 ? governed->ledger.why : "the ledger can't note it");
	if (admission == ADMITTED && governed->jobserver.own)
		ledger_count_caller_run(&governed->ledger);
	run_exec(run);
}

static _Noreturn void refuse(const struct run *run, const char *why)
{
	report("%s: no jobserver: %s\n  start the build below make -jN or jobshim run, or set %s=pass", run->tool, why, ENV_NO_JOBSERVER);
	_exit(EXIT_JOBSHIM);
}

static _Noreturn void hold(struct governed *governed)
{
	struct job callers;
	struct hold held = {
		.run = governed->run,
		.pool = &governed->pool,
		.subject = &governed->subject,
		.job = &governed->job,
		.is_callers = governed->job.ours,
		.patience = governed->patience,
		.journal = governed->facts.journal,
	};
	const char *why = NULL;

	if (governed->job.ours) {
		callers = job_of_callers(&governed->subject, &governed->job);
		callers.owed = false; /* that was seen to */
		held.job = &callers;
	}
	hold_tool(&held, &why);
	if (why == NULL)
		run_exec(governed->run);
	if (governed->run->settings.error_without)
		refuse(governed->run, why);
	report_debug("%s: not governed: %s", governed->run->tool, why);
	run_exec(governed->run);
}

static _Noreturn void act(struct governed *governed, enum action action)
{
	switch (action) {
	case REFUSE:
		refuse(governed->run, governed->why);
	case HOLD_HIDDEN:
		hold_hidden(governed->run, governed->why);
		become(governed);
	case BECOME_GATED:
		if (!governed->jobserver.own)
			open_ledger(governed, LEDGER_COPY);
		become_gated(governed);
		hold(governed);
	case HOLD:
		if (!governed->jobserver.own)
			open_ledger(governed, LEDGER_MAKE);
		hold(governed);
	case BECOME:
	case FIND_JOB:
		break;
	}
	become(governed);
}

_Noreturn void govern(struct run *run)
{
	struct governed governed = { .run = run, .facts = { .run = run }, .why = "", .subject = subject_self() };
	struct plan plan;

	find_jobserver(&governed);
	if (governed.facts.has_jobserver) {
		if (run->adapter != NULL)
			adapt(&governed);
		if (run->adapter == NULL || governed.facts.needs_slot)
			equip(&governed);
	}
	plan = plan_run(&governed.facts);
	if (plan.action == FIND_JOB) {
		find_job(&governed);
		plan = plan_run(&governed.facts);
	}
	act(&governed, plan.action);
}
