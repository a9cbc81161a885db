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
#include "wait/patience.h"
#include "wait/turn.h"
#include "ground/clock.h"
#include "proc/subject.h"

/* Fills all, and claims the run's record. True if there are gates to pass. */
static bool begin(struct acquire *acquire, const struct acquire_for *of)
{
	struct record_of record = {
		.pid = subject_number(of->subject),
		.tool = of->tool,
		.is_tools = !of->subject->is_self,
	};
	bool has_gates = of->policy != NULL && policy_has_gates(of->policy);

	acquire->of = *of;
	acquire->job = *of->job;
	/* It may wait at a gate. */
	if (has_gates && job_is_another(&acquire->job, of->subject, of->pool->jobserver, of->pool->ledger))
		has_gates = !acquire->job.nested;
	record.job = acquire->job.key;
	acquire->slot = (struct slot){ .kind = SLOT_NONE };
	acquire->admission = UNGATED;
	acquire->gathered = GATHERED;
	acquire->wanted = 1;
	acquire->gate = GATE_NONE;
	acquire->gated_ns = acquire->waited_ns = 0;
	acquire->turn.end = acquire->turn.queue.socket = acquire->owed.told = -1;
	acquire->turn.queues = false;
	if (of->gathering != NULL)
		of->gathering->tokens = of->gathering->borrowed = of->gathering->claimed = 0;
	record_claim(&acquire->record, of->pool->ledger, of->pool->jobserver, &record);
	acquire->began_ns = monotonic_ns();
	return has_gates;
}

void acquire_begin(struct acquire *acquire, const struct acquire_for *of)
{
	const bool has_gates = begin(acquire, of);

	acquire->stage = has_gates ? AT_GATES : of->job->ours ? AT_CLIENT : BEFORE_TURN;
	if (has_gates)
		gate_begin(&acquire->gates, of->policy, of->job, of->patience);
}

/* What is to be noted once the gates are behind it. */
static void count_gates(struct acquire *acquire)
{
	struct record *record = &acquire->record;

	acquire->gated_ns = monotonic_ns() - acquire->began_ns;
	acquire->gate = record->at->gate;
	ledger_count_gate(record->ledger, acquire->gate, acquire->gated_ns);
}

static bool is_past_gates(struct acquire *acquire)
{
	acquire->admission = gate_look(acquire->of.policy, &acquire->record, &acquire->job);
	if (acquire->admission == CLOSED || acquire->admission == LOCKED)
		return false;
	count_gates(acquire);
	return true;
}

/* A slot that is free, and that nothing is owed for. */
static bool takes_at_once(struct acquire *acquire)
{
	const struct acquire_for *of = &acquire->of;

	turn_begin(&acquire->turn, of->pool, &acquire->record, of->subject, &acquire->job, of->patience);
	if (!turn_at_once(&acquire->turn))
		return false;
	acquire->slot = acquire->turn.slot;
	return acquire->slot.kind != SLOT_IMPLICIT || !owed_is_unpaid(of->pool, &acquire->record, of->subject, &acquire->job);
}

bool acquire_at_once(struct acquire *acquire, const struct acquire_for *of)
{
	const bool has_gates = begin(acquire, of);

	acquire->stage = ACQUIRED;
	if ((!has_gates || is_past_gates(acquire)) && (acquire->admission == PASSED || takes_at_once(acquire))) {
		acquire->waited_ns = monotonic_ns() - acquire->began_ns;
		return true;
	}
	record_free(&acquire->record);
	locks_give_back_all(&of->pool->locks, &acquire->record);
	return false;
}

/* True once the run may look for a slot, or has passed the gates before. */
static bool pass_gates(struct acquire *acquire, struct waiting *waiting)
{
	struct record *record = &acquire->record;

	*waiting = (struct waiting){ .call = -1, .end = -1 };
	acquire->admission = gate_step(&acquire->gates, acquire->of.pool->jobserver, record, &waiting->due_ns);
	if (acquire->admission == CLOSED)
		return false;
	count_gates(acquire);
	if (acquire->admission == IMPATIENT)
		ledger_count_overdraft(record->ledger, acquire->job.key);
	if (acquire->admission == ADMITTED || acquire->admission == IMPATIENT)
		acquire->wanted = policy_slots(acquire->of.policy, record->ledger);
	return true;
}

static void begin_turn(struct acquire *acquire)
{
	turn_end(&acquire->turn);
	turn_begin(&acquire->turn, acquire->of.pool, &acquire->record, acquire->of.subject, &acquire->job, acquire->of.patience);
	turn_has_priority(&acquire->turn, &acquire->of.priority);
	/* Of the runs of a job that a supervisor knows only the first has a turn: the others wait all the same. */
	patience_since(&acquire->turn.keeper.patience, acquire->began_ns + acquire->gated_ns);
	acquire->stage = IN_TURN;
}

/* A note was good enough to look for a slot: none is free. True if the whole chain leads to another job, and it looks for one of that. */
static bool begin_anew(struct acquire *acquire)
{
	const struct acquire_for *of = &acquire->of;

	if (!job_is_another(&acquire->job, of->subject, of->pool->jobserver, of->pool->ledger))
		return false;
	turn_end(&acquire->turn);
	record_is_of(&acquire->record, acquire->job.key);
	acquire->stage = BEFORE_TURN;
	return true;
}

/* Whether it takes further slots. */
static bool gathers(const struct acquire *acquire)
{
	return acquire->wanted > 1 && acquire->of.gathering != NULL &&
	       (acquire->slot.kind == SLOT_TOKEN || acquire->slot.kind == SLOT_IMPLICIT);
}

/* The run has a slot of its job. If it must also pay for its client, it takes one more, of the client's job. It keeps the lock of the
 * first. */
static void see_to_owed(struct acquire *acquire, enum owed_outcome outcome)
{
	if (outcome == OWED_WAITS) {
		acquire->stage = AT_PAYER;
	} else if (outcome == OWED_PAYS) {
		record_waiting(&acquire->record);
		begin_turn(acquire);
	} else if (gathers(acquire)) {
		gather_begin(acquire->of.gathering, &acquire->turn, acquire->wanted, acquire->of.patience);
		acquire->stage = AT_GATHERING;
	} else {
		acquire->stage = ACQUIRED;
	}
}

/* False if a payer was started, and is waited for. */
static bool pay_owed(struct acquire *acquire, bool is_owed, struct waiting *waiting)
{
	struct acquire_for *of = &acquire->of;

	see_to_owed(acquire, is_owed ? owed_begin(&acquire->owed, of->pool, &acquire->record, of->subject, of->self, &acquire->job)
	                             : OWED_NOTHING);
	*waiting = (struct waiting){ .call = -1, .end = acquire->owed.told, .due_ns = UINT64_MAX };
	return acquire->stage != AT_PAYER;
}

/* One stage. False if the run waits in it. */
static bool pass_stage(struct acquire *acquire, bool timed_out, struct waiting *waiting)
{
	switch (acquire->stage) {
	case AT_CLIENT:
		return pay_owed(acquire, true, waiting);
	case AT_GATES:
		if (!pass_gates(acquire, waiting))
			return false;
		acquire->stage = acquire->admission == PASSED ? ACQUIRED : BEFORE_TURN;
		waiting->due_ns = 0;
		return acquire->stage == ACQUIRED || acquire->wanted == 1;
	case BEFORE_TURN:
		acquire->job.claim = claim_of(acquire->of.subject, &acquire->job, acquire->of.pool->jobserver, acquire->of.pool->ledger);
		begin_turn(acquire);
		return true;
	case IN_TURN:
		if (!turn_step(&acquire->turn, timed_out, waiting))
			return begin_anew(acquire);
		acquire->slot = acquire->turn.slot;
		if (!gathers(acquire) || acquire->slot.kind == SLOT_IMPLICIT)
			turn_end(&acquire->turn);
		return pay_owed(acquire, acquire->slot.kind == SLOT_IMPLICIT && !acquire->slot.claimed, waiting);
	case AT_PAYER:
		*waiting = (struct waiting){ .call = -1, .end = acquire->owed.told, .due_ns = UINT64_MAX };
		if (!owed_is_told(&acquire->owed)) /* something else has come */
			return false;
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
		gather_give_back(acquire->of.gathering); /* before its record goes, which others wait for at their gates */
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
