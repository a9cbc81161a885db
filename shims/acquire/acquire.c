#include "acquire/acquire.h"

#include <stddef.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/claim.h"
#include "acquire/gather.h"
#include "acquire/owed.h"
#include "ledger/counters.h"
#include "ledger/record.h"
#include "pool/jobserver.h"
#include "pool/locks.h"
#include "pool/pool.h"
#include "rules/gate.h"
#include "rules/policy.h"
#include "wait/sleeper.h"
#include "wait/slot.h"
#include "wait/turn.h"
#include "ground/clock.h"
#include "proc/subject.h"

void acquire_begin(struct acquire *acquire, const struct acquire_for *of)
{
	const struct record_of record = { .pid = subject_number(of->subject), .job = of->job->key, .tool = of->tool };
	const bool has_gates = of->policy != NULL && policy_has_gates(of->policy);

	acquire->of = *of;
	acquire->job = *of->job;
	acquire->slot = (struct slot){ .kind = SLOT_NONE };
	acquire->admission = UNGATED;
	acquire->gathered = GATHERED;
	acquire->wanted = 1;
	acquire->gate = GATE_NONE;
	acquire->gated_ns = acquire->waited_ns = 0;
	acquire->stage = has_gates ? AT_GATES : BEFORE_TURN;
	acquire->turn.end = acquire->turn.queue.socket = acquire->owed.told = -1;
	acquire->turn.queues = false;
	if (of->gathering != NULL)
		of->gathering->tokens = of->gathering->borrowed = of->gathering->claimed = 0;
	record_claim(&acquire->record, of->pool->ledger, of->pool->jobserver, &record);
	acquire->began_ns = monotonic_ns();
	if (has_gates)
		gate_begin(&acquire->gates, of->policy, of->job, of->patience);
}

/* True once the run may look for a slot, or has passed the gates before. */
static bool pass_gates(struct acquire *acquire, struct waiting *waiting)
{
	struct record *record = &acquire->record;

	*waiting = (struct waiting){ .call = -1, .end = -1 };
	acquire->admission = gate_step(&acquire->gates, acquire->of.pool->jobserver, record, &waiting->due_ns);
	if (acquire->admission == CLOSED)
		return false;
	acquire->gated_ns = monotonic_ns() - acquire->began_ns;
	acquire->gate = record->at->gate;
	ledger_count_gate(record->ledger, acquire->gate, acquire->gated_ns);
	if (acquire->admission == IMPATIENT)
		ledger_count_overdraft(record->ledger, acquire->job.key);
	if (acquire->admission == ADMITTED || acquire->admission == IMPATIENT)
		acquire->wanted = policy_slots(acquire->of.policy, record->ledger);
	return true;
}

static void begin_turn(struct acquire *acquire)
{
	turn_end(&acquire->turn);
	turn_begin(&acquire->turn, acquire->of.pool, &acquire->record, &acquire->job, acquire->of.patience);
	acquire->stage = IN_TURN;
}

/* The run has a slot of its job; if it must pay for its client, too, it takes one more, of that one's job. The lock of the first stays
 * its own. */
static void see_to_owed(struct acquire *acquire, enum owed_outcome outcome)
{
	if (outcome == OWED_WAITS) {
		acquire->stage = AT_PAYER;
	} else if (outcome == OWED_PAYS) {
		record_waiting(&acquire->record);
		begin_turn(acquire);
	} else if (acquire->wanted > 1 && acquire->of.gathering != NULL &&
	           (acquire->slot.kind == SLOT_TOKEN || acquire->slot.kind == SLOT_IMPLICIT)) {
		gather_begin(acquire->of.gathering, acquire->of.pool, &acquire->record, &acquire->job, &acquire->slot, acquire->wanted,
		             acquire->of.patience);
		acquire->stage = AT_GATHERING;
	} else {
		acquire->stage = ACQUIRED;
	}
}

static void have_slot(struct acquire *acquire)
{
	struct acquire_for *of = &acquire->of;

	acquire->slot = acquire->turn.slot;
	see_to_owed(acquire, acquire->slot.kind == SLOT_IMPLICIT && !acquire->slot.claimed
	                         ? owed_begin(&acquire->owed, of->pool, &acquire->record, of->subject, of->self, &acquire->job)
	                         : OWED_NOTHING);
}

/* One stage. False if the run waits in it. */
static bool pass_stage(struct acquire *acquire, bool timed_out, struct waiting *waiting)
{
	switch (acquire->stage) {
	case AT_GATES:
		if (!pass_gates(acquire, waiting))
			return false;
		acquire->stage = acquire->admission == PASSED ? ACQUIRED : BEFORE_TURN;
		return true;
	case BEFORE_TURN:
		acquire->job.claim = claim_of(acquire->of.subject, &acquire->job, acquire->of.pool->jobserver, acquire->of.pool->ledger);
		begin_turn(acquire);
		return true;
	case IN_TURN:
		if (!turn_step(&acquire->turn, timed_out, waiting))
			return false;
		have_slot(acquire);
		*waiting = (struct waiting){ .call = -1, .end = acquire->owed.told, .due_ns = UINT64_MAX };
		return acquire->stage != AT_PAYER;
	case AT_PAYER:
		see_to_owed(acquire, owed_end(&acquire->owed, &acquire->job));
		return true;
	case AT_GATHERING:
		acquire->gathered = gather_step(acquire->of.gathering, waiting);
		if (acquire->gathered == GATHERS)
			return false;
		acquire->stage = ACQUIRED;
		return true;
	case ACQUIRED:
		break;
	}
	return true;
}

bool acquire_step(struct acquire *acquire, bool timed_out, struct waiting *waiting)
{
	while (acquire->stage != ACQUIRED) {
		if (!pass_stage(acquire, timed_out, waiting))
			return false;
		timed_out = false;
	}
	if (acquire->wanted > 1)
		record_gathers(&acquire->record, acquire->wanted, false);
	acquire->waited_ns = monotonic_ns() - acquire->began_ns;
	return true;
}

void acquire_wait(struct acquire *acquire, const sigset_t *mask)
{
	struct sleeper sleeper = sleeper_make(acquire->of.pool->jobserver->read_fd, mask);
	struct waiting waiting;
	bool timed_out = false;

	while (!acquire_step(acquire, timed_out, &waiting))
		timed_out = sleeper_sleep(&sleeper, &waiting);
	sleeper_close(&sleeper);
}

unsigned acquire_slots(const struct acquire *acquire)
{
	const struct gathering *gathering = acquire->wanted > 1 ? acquire->of.gathering : NULL;

	return 1 + (gathering == NULL ? 0 : gathering->tokens + gathering->borrowed);
}

void acquire_give_back(struct acquire *acquire)
{
	if (acquire_slots(acquire) > 1) {
		record_count_end(&acquire->record);
		gather_give_back(acquire->of.gathering); /* before its record goes, for which others wait at their gates */
	}
	slot_give_back(&acquire->slot, acquire->of.pool, &acquire->record);
}

void acquire_end(struct acquire *acquire)
{
	if (acquire->stage == AT_PAYER || acquire->stage == AT_GATHERING)
		acquire_give_back(acquire);
	turn_end(&acquire->turn);
	if (acquire->owed.told >= 0)
		close(acquire->owed.told);
	acquire->owed.told = -1;
	locks_give_back_all(&acquire->of.pool->locks, &acquire->record);
	if (acquire->wanted > 1 && acquire->of.gathering != NULL)
		gather_end(acquire->of.gathering);
	record_free(&acquire->record);
	record_abandon(&acquire->record);
	acquire->stage = ACQUIRED;
}
