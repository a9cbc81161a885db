#include "launcher/launch.h"

#include <stdbool.h>
#include <stdlib.h>

#include "acquire/acquire.h"
#include "acquire/claim.h"
#include "acquire/owed.h"
#include "child/child.h"
#include "launcher/beyond.h"
#include "launcher/relay.h"
#include "ledger/ledger.h"
#include "run/become.h"
#include "run/begin.h"
#include "run/findings.h"
#include "run/hold.h"
#include "run/plan.h"
#include "run/run.h"
#include "tool/freshen.h"

/* False if it would wait. */
static bool hold_at_once(struct findings *findings)
{
	struct hold hold;

	hold_begin(&hold, findings);
	if (acquire_at_once(&hold.acquire, &hold.of)) {
		hold_tool(&hold);
		return true;
	}
	child_unprepare(&hold.inherited);
	return false;
}

/* True if the tool is to take our place, false if look is to do it. */
static bool act(struct findings *findings, enum action action)
{
	switch (action) {
	case REFUSE:
		run_refuse(findings->run, findings->why);
	case BECOME_GATED:
		if (!findings->jobserver.own)
			findings_ledger(findings, LEDGER_COPY);
		return become_gated(findings);
	case HOLD:
		if (!findings->jobserver.own)
			findings_ledger(findings, LEDGER_MAKE);
		return hold_at_once(findings);
	case HOLD_HIDDEN:
	case BECOME:
	case FIND_JOB:
		break;
	}
	become(findings);
	return true;
}

/* Whether its caller's slot is not paid for. */
static bool owes(struct findings *findings)
{
	return findings->job.ours && owed_is_unpaid(&findings->pool, findings->run, &findings->subject, &findings->job);
}

/* Finds out what is to be done. False if look is to do it. */
static bool find(struct findings *findings, enum action *action)
{
	bool is_owed = false;

	findings_jobserver(findings);
	if (!findings->facts.has_jobserver) {
		findings_hidden(findings);
		if (beyond_without(&findings->facts) != WITHIN)
			return false;
	} else {
		findings_equip(findings);
		if (beyond_rules(&findings->facts) != WITHIN)
			return false;
	}
	*action = plan_run(&findings->facts).action;
	if (*action == FIND_JOB) {
		findings_job(findings);
		is_owed = owes(findings);
		findings_rules(findings);
		*action = plan_run(&findings->facts).action;
	}
	return beyond_plan(&findings->facts, *action, is_owed, claim_is_likely()) == WITHIN;
}

static bool govern(struct run *run)
{
	struct findings findings;
	enum action action;

	findings_begin(&findings, run);
	return find(&findings, &action) && act(&findings, action);
}

void launch(struct run *run, const struct relay *to)
{
	const bool is_governed = begin_is_governed(run);
	const bool is_stale = freshen_is_due(&run->self, run->name, run->settings.real, &run->real);

	if (beyond_call(run, is_governed, is_stale) != WITHIN || (is_governed && !govern(run)))
		relay(to, run);
}
