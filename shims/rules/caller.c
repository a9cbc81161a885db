#include "rules/caller.h"

#include "contract.h"
#include "ground/clock.h"
#include "ledger/ledger.h"
#include "proc/namespace.h"
#include "wait/job.h"

static const uint64_t BELIEVED_NS = 1000000000u;

static volatile uint32_t *pid_in(const struct ledger *ledger)
{
	return FIELD(uint32_t, ledger->header, HEADER_CALLER_PID);
}

static volatile uint32_t *namespace_in(const struct ledger *ledger)
{
	return FIELD(uint32_t, ledger->header, HEADER_CALLER_PID_NAMESPACE);
}

static volatile uint64_t *start_in(const struct ledger *ledger)
{
	return FIELD(uint64_t, ledger->header, HEADER_CALLER_START);
}

static volatile uint64_t *unlimited_in(const struct ledger *ledger)
{
	return FIELD(uint64_t, ledger->header, HEADER_CALLER_UNLIMITED_AT);
}

/* What can't be stored is asked for again. */
static void store(struct ledger *ledger)
{
	(void)!ledger_store(ledger, HEADER_CALLER_START, HEADER_CALLER_UNLIMITED_AT + sizeof(uint64_t) - HEADER_CALLER_START);
}

void caller_meet(struct ledger *ledger, const struct job *job)
{
	if (*pid_in(ledger) == (uint32_t)job->caller && *start_in(ledger) == job->caller_start)
		return;
	*pid_in(ledger) = 0; /* last: should we be killed here, nobody is known */
	*start_in(ledger) = job->caller_start;
	*namespace_in(ledger) = 0;
	*unlimited_in(ledger) = 0;
	*pid_in(ledger) = (uint32_t)job->caller;
	store(ledger);
}

void caller_set_namespace(struct ledger *ledger)
{
	if (*namespace_in(ledger) != 0) {
		pid_namespace_is(*namespace_in(ledger));
		return;
	}
	pid_namespace_by_parent();
	*namespace_in(ledger) = (uint32_t)pid_namespace();
	store(ledger);
}

bool caller_is_unlimited(const struct ledger *ledger)
{
	return *pid_in(ledger) != 0 && *unlimited_in(ledger) != 0 && monotonic_ns() - *unlimited_in(ledger) < BELIEVED_NS;
}

void caller_tell_unlimited(struct ledger *ledger)
{
	*unlimited_in(ledger) = monotonic_ns();
	store(ledger);
}
