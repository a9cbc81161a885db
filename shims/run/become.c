#include "run/become.h"

#include <unistd.h>

#include "contract.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/jobserver.h"
#include "rules/gate.h"
#include "run/findings.h"
#include "run/run.h"
#include "tool/adapters.h"
#include "tool/families.h"
#include "ground/report.h"

/* Notes, for those who look from outside, that the tool runs in its caller's slot. */
static void note_callers(const struct findings *findings)
{
	const struct run *run = findings->run;

	if (run->adapter == NULL) {
		ledger_count_caller_run(&findings->ledger);
		if (!family_is_part(run->settings.family)) { /* gcc past the shims, whose ld is one, is no wrapper by that */
			ledger_note_caller(&findings->ledger, findings->job.caller);
			ledger_note_caller(&findings->ledger, getpid());
		}
	} else if (adapter_is_client(run->adapter)) {
		badge_pass_on(&findings->jobserver);
	}
}

void become(const struct findings *findings)
{
	const struct run *run = findings->run;
	const struct facts *facts = &findings->facts;

	if (!facts->has_jobserver && run->kind != RUN_PROBE)
		report_debug("%s: not governed: %s", run->tool, findings->why);
	if (facts->job != NULL)
		note_callers(findings);
}

bool become_gated(struct findings *findings)
{
	const struct run *run = findings->run;
	const struct record_of of = { .pid = getpid(), .job = findings->job.key, .tool = run->name };
	enum admission admission = UNGATED;
	struct record record;

	if (record_prepare(&record, &findings->ledger, &findings->jobserver, &of))
		admission = gate_pass_at_once(&run->policy, &record, &findings->job);
	if (admission == CLOSED) {
		record_abandon(&record);
		ledger_map(&findings->ledger);
		return false;
	}
	if (admission == UNGATED)
		report_debug("%s: no rule is heeded: %s", run->tool,
		             findings->ledger.fd < 0 ? findings->ledger.why : "the ledger can't note it");
	if (admission == ADMITTED && findings->jobserver.own)
		ledger_count_caller_run(&findings->ledger);
	return true;
}

_Noreturn void run_refuse(const struct run *run, const char *why)
{
	report("%s: no jobserver: %s\n  start the build below make -jN or jobshim run, or set %s=pass", run->tool, why, ENV_NO_JOBSERVER);
	_exit(EXIT_JOBSHIM);
}
