#include "look/toolgovern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acquire/acquire.h"
#include "acquire/owed.h"
#include "adapt/adapter.h"
#include "adapt/handing.h"
#include "adapt/wrapper.h"
#include "ledger/ledger.h"
#include "look/leaving.h"
#include "look/machine.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/outer.h"
#include "pool/pool.h"
#include "run/become.h"
#include "run/findings.h"
#include "run/hold.h"
#include "run/plan.h"
#include "run/run.h"
#include "tool/adapters.h"
#include "wait/mending.h"
#include "wait/sleeper.h"
#include "wait/waiting.h"
#include "ground/environment.h"

/* Whether the run takes slots of the machine's pool. What starts tools one after the other takes none: its tools do. */
static bool joins_machine(const struct findings *findings)
{
	const struct run *run = findings->run;

	return run->settings.machine_without && !findings->facts.is_hidden &&
	       (run->adapter == NULL || handing_suits(run->adapter, run->settings.join, run->argv));
}

static void find_jobserver(struct findings *findings)
{
	const struct run *run = findings->run;

	findings_jobserver(findings);
	if (!findings->facts.has_jobserver && run->adapter != NULL && adapter_may_leave(run->adapter, run->argv))
		findings->facts.has_jobserver = outer_open_above(&findings->jobserver);
	if (findings->facts.has_jobserver)
		return;
	findings_hidden(findings);
	if (joins_machine(findings))
		findings->facts.has_jobserver = findings->facts.joins_machine =
			machine_join(&findings->jobserver, run->settings.jobs, &findings->why);
}

/* Makes what the program is told of the jobserver such that it can join. */
static void adapt(struct findings *findings)
{
	struct run *run = findings->run;
	struct adaption adaption = {
		.adapter = run->adapter,
		.jobserver = &findings->jobserver,
		.shim_dir = run->self.shim_dir,
		.path = run->real.path,
		.join = run->settings.join,
		.argv = run->argv,
	};
	char *outer = outer_assignment(&findings->jobserver);
	char *paid = hidden_paid();

	adapter_mend(&adaption);
	/* One that does not join the machine's pool is told nothing of it: its tools join by themselves. */
	if (findings->facts.joins_machine && !adaption.pays)
		return;
	run->argv = adaption.argv;
	findings->facts.needs_slot = adaption.pays;
	if (outer != NULL)
		environment_put(outer);
	if (adaption.assignment != NULL)
		environment_put(adaption.assignment);
	if (adaption.removal != NULL)
		environment_remove(adaption.removal);
	if (adaption.pays && paid != NULL && adapter_is_client(run->adapter))
		environment_put(paid);
}

/* The same for one that finds no jobserver: what is said there is what it would be told below a make. */
static void adapt_anew(struct findings *findings)
{
	const char *said = getenv("MAKEFLAGS");
	char *before = said == NULL ? NULL : (char *)said - strlen("MAKEFLAGS="), *flags = handing_flags(&findings->jobserver);

	if (flags == NULL || !environment_put(flags))
		return;
	adapt(findings);
	if (findings->facts.needs_slot)
		return;
	if (before == NULL)
		environment_remove("MAKEFLAGS");
	else
		environment_put(before);
}

/* Sees to what is owed for the slot that our caller took: if nobody else pays, it is none. */
static void see_to_owed(struct findings *findings)
{
	struct sleeper sleeper = sleeper_make(findings->jobserver.read_fd, NULL);
	struct waiting waiting = { .call = -1, .due_ns = UINT64_MAX };
	struct owed owed;

	if (owed_begin(&owed, &findings->pool, findings->run, &findings->subject, &findings->run->self, &findings->job) != OWED_WAITS)
		return;
	waiting.end = owed.told;
	sleeper_sleep(&sleeper, &waiting);
	(void)owed_end(&owed, &findings->job);
}

static void find_job(struct findings *findings)
{
	findings_job(findings);
	if (findings->job.ours)
		see_to_owed(findings);
	findings_rules(findings);
}

/* A make would say that it can't open what `jobshim run` has named. Its own, of a make above, it keeps. */
static void forget_jobserver(const struct jobserver *jobserver)
{
	const char *flags = jobserver->another ? NULL : getenv("MAKEFLAGS");
	char *without = flags == NULL ? NULL : makeflags_without_jobserver(flags);

	if (without != NULL)
		environment_put(without);
}

/* Takes slots for the tool and ends as it did. Returns if it is to take our place after all. */
static void hold_waiting(struct findings *findings)
{
	struct hold hold;

	hold_begin(&hold, findings);
	hold.of.priority = run_priority(findings->run, &findings->subject);
	hold.ended = machine_end;
	/* Its tools' tokens may be another client's that was killed, and it may be the only one that waits for them. */
	if (findings->jobserver.machine && findings->run->builds)
		hold.meanwhile = (struct meanwhile){ .step = mending_pause, .state = &findings->pool };
	acquire_begin(&hold.acquire, &hold.of);
	leaving_begin(&findings->jobserver);
	acquire_wait(&hold.acquire, &hold.inherited.mask);
	leaving_end();
	hold_tool(&hold);
}

static void act(struct findings *findings, enum action action)
{
	switch (action) {
	case REFUSE:
		run_refuse(findings->run, findings->why);
	case HOLD_HIDDEN:
		if (!hold_hidden(findings->run, findings->why))
			become(findings);
		break;
	case BECOME_GATED:
		if (!findings->jobserver.own)
			findings_ledger(findings, LEDGER_COPY);
		if (!become_gated(findings))
			hold_waiting(findings);
		break;
	case HOLD:
		if (!findings->jobserver.own)
			findings_ledger(findings, LEDGER_MAKE);
		hold_waiting(findings);
		break;
	case BECOME:
	case FIND_JOB:
		if (!findings->facts.has_jobserver && findings->facts.is_hidden && findings->run->adapter != NULL)
			forget_jobserver(&findings->jobserver);
		become(findings);
	}
}

void tool_govern(struct run *run)
{
	struct findings findings;
	struct plan plan;

	findings_begin(&findings, run);
	find_jobserver(&findings);
	if (findings.facts.has_jobserver) {
		if (run->adapter != NULL)
			(findings.facts.joins_machine ? adapt_anew : adapt)(&findings);
		if (run->adapter == NULL || findings.facts.needs_slot) {
			findings_equip(&findings);
			if (!run->passes && run_starts_server(run))
				wrapper_hide_jobserver(&findings.jobserver);
		}
	}
	plan = plan_run(&findings.facts);
	if (plan.action == FIND_JOB) {
		find_job(&findings);
		plan = plan_run(&findings.facts);
	}
	act(&findings, plan.action);
	if (findings.facts.has_jobserver)
		machine_leave(&findings.jobserver);
}
