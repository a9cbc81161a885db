#include "launcher/beyond.h"

#include <stddef.h>
#include <stdlib.h>

#include "contract.h"
#include "run/run.h"
#include "tool/adapters.h"
#include "wait/job.h"

enum beyond beyond_call(const struct run *run, bool is_governed, bool is_stale)
{
	/* A cargo looks at its compiler's file before it starts it. */
	const bool looks = run->adapter != NULL && run->adapter->kind == ADAPTER_CARGO;

	if (run->builds && (is_governed || looks))
		return BEYOND_CLIENT;
	if (is_stale)
		return BEYOND_FILE;
	return WITHIN;
}

enum beyond beyond_without(const struct facts *facts)
{
	return facts->run->settings.machine_without && !facts->is_hidden ? BEYOND_MACHINE : WITHIN;
}

enum beyond beyond_rules(const struct facts *facts)
{
	const struct run *run = facts->run;

	if (!run->passes && run_starts_server(run))
		return BEYOND_SERVER;
	return run->policy.tokens > 1 ? BEYOND_SLOTS : WITHIN;
}

enum beyond beyond_plan(const struct facts *facts, enum action action, bool owes, bool claims)
{
	if (action == HOLD_HIDDEN)
		return BEYOND_HIDDEN;
	if (owes)
		return BEYOND_OWED;
	if (action == HOLD && (facts->run->policy.is_low || getenv(ENV_PRIORITY) != NULL))
		return BEYOND_LOW;
	return action == HOLD && claims && facts->job->owed ? BEYOND_CLAIM : WITHIN;
}
