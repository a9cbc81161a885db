#include "run/plan.h"

#include <stddef.h>

#include "contract.h"
#include "run/run.h"
#include "rules/policy.h"
#include "wait/job.h"

static bool is_without(const struct facts *facts)
{
	return !facts->has_jobserver;
}

static bool is_probe(const struct facts *facts)
{
	return facts->run->kind == RUN_PROBE;
}

static bool is_probe_without(const struct facts *facts)
{
	return is_without(facts) && is_probe(facts);
}

static bool is_refused(const struct facts *facts)
{
	return is_without(facts) && facts->run->settings.error_without;
}

static bool is_hidden_and_unpaid(const struct facts *facts)
{
	return is_without(facts) && facts->is_hidden && facts->is_unpaid && facts->run->adapter == NULL;
}

static bool needs_no_slot(const struct facts *facts)
{
	return facts->run->adapter != NULL && !facts->needs_slot;
}

static bool passes(const struct facts *facts)
{
	return facts->run->passes;
}

static bool lacks_job(const struct facts *facts)
{
	return facts->job == NULL;
}

/* A client's tools have lines of their own in a journal. */
static bool is_callers_and_free(const struct facts *facts)
{
	return facts->job->ours && !policy_has_gates(&facts->run->policy) && (facts->journal == NULL || facts->run->builds);
}

/* What it needed, and the slots beyond its caller's, only a launcher that stays can see to. */
static bool is_callers_and_gated(const struct facts *facts)
{
	return facts->job->ours && !facts->run->policy.learns && facts->run->policy.tokens == 1 && facts->journal == NULL;
}

static bool always(const struct facts *facts)
{
	(void)facts;
	return true;
}

static const struct row {
	bool (*applies)(const struct facts *facts);
	struct plan plan;
} rows[] = {
	{ is_probe_without, { BECOME, "it only asks the tool something" } },
	{ is_refused, { REFUSE, "there is no jobserver, and the policy wants one" } },
	{ is_hidden_and_unpaid, { HOLD_HIDDEN, "the pool is hidden, and nobody has paid" } },
	{ is_without, { BECOME, "there is no jobserver" } },
	{ needs_no_slot, { BECOME, "it holds nothing of the pool: what it starts pays for itself" } },
	{ passes, { BECOME, "what it starts goes through the launcher, and pays for itself" } },
	{ is_probe, { BECOME, "it only asks the tool something" } },
	{ lacks_job, { FIND_JOB, "whose slot it has is not known yet" } },
	{ is_callers_and_free, { BECOME, "its caller has taken the slot" } },
	{ is_callers_and_gated, { BECOME_GATED, "its caller has taken the slot, and rules apply" } },
	{ always, { HOLD, "it takes a slot" } },
};

struct plan plan_run(const struct facts *facts)
{
	size_t row = 0;

	while (!rows[row].applies(facts))
		row++;
	return rows[row].plan;
}
