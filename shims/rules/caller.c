#include "rules/caller.h"

#include "contract.h"
#include "ledger/ledger.h"
#include "wait/job.h"
#include "ground/clock.h"
#include "proc/namespace.h"

static const uint64_t BELIEVED_NS = 1000000000u;

/* What can't be stored is found out again next time. */
static void store(struct ledger *ledger)
{
	(void)!ledger_store(ledger, offsetof(struct ledger_header, caller_start),
	                     offsetof(struct ledger_header, longest_microseconds) - offsetof(struct ledger_header, caller_start));
}

void caller_meet(struct ledger *ledger, const struct job *job)
{
	if (ledger->header->caller_pid == (uint32_t)job->caller && ledger->header->caller_start == job->caller_start)
		return;
	ledger->header->caller_pid = 0; /* stored last: if we are killed before it, the caller counts as unknown */
	ledger->header->caller_start = job->caller_start;
	ledger->header->caller_pid_namespace = 0;
	ledger->header->caller_unlimited_at = 0;
	ledger->header->caller_pid = (uint32_t)job->caller;
	store(ledger);
}

void caller_set_namespace(struct ledger *ledger)
{
	if (ledger->header->caller_pid_namespace != 0) {
		pid_namespace_is(ledger->header->caller_pid_namespace);
		return;
	}
	pid_namespace_by_parent();
	ledger->header->caller_pid_namespace = (uint32_t)pid_namespace();
	store(ledger);
}

bool caller_is_unlimited(const struct ledger *ledger)
{
	return ledger->header->caller_pid != 0 && ledger->header->caller_unlimited_at != 0 && monotonic_ns() - ledger->header->caller_unlimited_at < BELIEVED_NS;
}

void caller_tell_unlimited(struct ledger *ledger)
{
	ledger->header->caller_unlimited_at = monotonic_ns();
	store(ledger);
}
