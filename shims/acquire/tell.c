#include "acquire/tell.h"

#include <stddef.h>

#include "acquire/acquire.h"
#include "contract.h"
#include "ground/report.h"
#include "ledger/ledger.h"
#include "rules/gate.h"
#include "rules/policy.h"

static void tell_gates(const struct acquire *acquire, const char *tool)
{
	const struct ledger *ledger = acquire->record.ledger;

	if (acquire->of.policy == NULL || !policy_has_gates(acquire->of.policy))
		return;
	if (acquire->admission == UNGATED)
		report_debug("%s: no rule is heeded: %s", tool, ledger->fd < 0 ? ledger->why : "the ledger can't note it");
	if (acquire->admission == LOCKED)
		report("%s: no rule is heeded: another process has the ledger's lock for more than %d s", tool, LOCKED_MS / 1000);
	if (acquire->admission == IMPATIENT)
		report("%s: a rule kept it from running for %g s on an idle machine: run all the same", tool, acquire->of.patience);
}

void acquire_tell(const struct acquire *acquire, const char *tool)
{
	tell_gates(acquire, tool);
	if (acquire->slot.kind == SLOT_OVERDRAFT)
		report("%s: no slot was free for %g s on an idle machine: run without one", tool, acquire->of.patience);
	if (acquire->gathered == UNNOTED)
		report_debug("%s: the jobserver or the ledger can't be read: run in one slot, not in %u", tool, acquire->wanted);
	if (acquire->gathered == IN_VAIN)
		report("%s: %u slots were not free together for %g s on an idle machine: run in one", tool, acquire->wanted,
		       acquire->of.patience);
}
