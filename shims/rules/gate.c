#include "rules/gate.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "contract.h"
#include "ledger/contenders.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/records.h"
#include "rules/caller.h"
#include "rules/kernelfiles.h"
#include "rules/memory.h"
#include "rules/policy.h"
#include "rules/pressure.h"
#include "wait/keeper.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/tree.h"

enum {
	TICK_MS = 10,     /* between two looks of the first run at a gate; memory and load don't signal a change */
	TICK_MAX_MS = 500, /* the longest, for runs further behind */
	BUSY_MS = 1,      /* while another run has the gates' lock */
};

/* What all other contenders need, hold and wait for. */
struct others {
	const struct policy *policy;
	uint64_t since; /* when we came */
	unsigned index;
	uint32_t pid;
	unsigned earlier[GATE_MEMORY + 1]; /* runs that came before us and wait for this gate; for a limit, those of our rule */
	unsigned limited;                  /* runs of our rule */
	unsigned admitted;
	bool passed; /* one of them is our own process, from before an exec */
	bool gathering;
	unsigned slots;    /* slots of runs that take more than one */
	uint64_t promised; /* KiB */
	uint64_t unused;   /* of it */
};

static bool came_before(const struct contender *contender, const struct others *others)
{
	const uint64_t since = contender->record.since;

	return since < others->since || (since == others->since && contender->index < others->index);
}

static bool add_up(const struct contender *contender, void *state)
{
	struct others *others = state;
	const struct ledger_record *record = &contender->record;
	const bool same_limit = others->policy->limit > 0 && record->limit == others->policy->limit_rule;

	if (contender->is_gated) {
		if (came_before(contender, others) && record->gate <= GATE_MEMORY && (record->gate != GATE_LIMIT || same_limit))
			others->earlier[record->gate]++;
		return false;
	}
	others->passed = others->passed || (contender->is_tool && record->pid == others->pid);
	others->admitted++;
	others->limited += same_limit;
	others->gathering = others->gathering || record->gathers != 0;
	others->slots += record->slots;
	others->promised += record->promise;
	return false;
}

/* The part of a promise that its run does not use yet. The rest is no longer free memory. */
static bool add_unused(const struct contender *contender, void *state)
{
	struct others *others = state;
	const struct ledger_record *record = &contender->record;
	const pid_t pid = (pid_t)record->pid;
	char program[16] = "";
	uint64_t pages, used = 0;

	if (contender->is_gated || record->promise == 0)
		return false;
	/* A launcher is told by its name: in another PID namespace its pid may be another process's. */
	if (!record_is_tools(record))
		process_program(pid, program, sizeof program);
	if ((record_is_tools(record) || strcmp(program, "launcher") == 0) && tree_pages(pid, &pages))
		used = pages * (getauxval(AT_PAGESZ) / 1024);
	if (used < record->promise)
		others->unused += record->promise - used;
	return false;
}

static bool is_only_run(const struct others *others, const struct ledger *ledger)
{
	return others->admitted == 0 && ledger_running(ledger) == 0;
}

static bool has_memory(struct others *others, const struct record *record, const struct memory *memory, uint32_t promise)
{
	if (memory->available >= others->promised + promise)
		return true;
	if (memory->available < promise)
		return false;
	contenders_each(record, add_unused, others);
	return memory->available >= others->unused + promise;
}

/* The load average of the last minute, which rises late, or the number of processes that can run now, without us, if that is more. */
static double load_now(void)
{
	char text[64], *at;
	double average, ready;

	if (read_small_file(load_file, text, sizeof text) < 0)
		return 0;
	at = strchr(text, ' ');
	if (at == NULL)
		return 0;
	*at = '\0';
	average = decimal_read(text, 0);
	at = strchr(at + 1, ' ');
	at = at == NULL ? NULL : strchr(at + 1, ' ');
	ready = at == NULL ? 0 : (double)number_first(at + 1) - 1;
	return ready > average ? ready : average;
}

static bool has_pressure(const struct policy *policy)
{
	for (size_t i = 0; i < PRESSURES; i++)
		if (policy->pressure[i] > 0)
			return true;
	return false;
}

/* Whether one of the pressures is above the policy's limit. A kernel without pressure files has none. */
static bool is_pressed(const struct policy *policy)
{
	double percent;

	for (int i = 0; i < PRESSURES; i++)
		if (policy->pressure[i] > 0 && pressure_look(i, &percent) && percent > policy->pressure[i])
			return true;
	return false;
}

/* Only one run gathers at a time, else two could have half of the slots each. Runs that can't run at the same time don't queue for the same
 * tokens: a run behind them would wait for several of them. */
static bool may_gather(const struct others *others, const struct ledger *ledger)
{
	int slots = policy_pool_slots(others->policy, ledger);

	return !others->gathering &&
	       (others->slots == 0 || slots < 0 || others->slots + policy_slots(others->policy, ledger) <= (unsigned)slots);
}

/* The first gate that is closed. Memory comes last: a run that waits for memory keeps the runs behind it from taking it, so it must lack
 * nothing else. */
static int closed_gate(struct others *others, const struct record *record, uint32_t promise, const struct memory *memory)
{
	const struct policy *policy = others->policy;
	const struct ledger *ledger = record->ledger;

	if (policy->limit > 0 && (others->earlier[GATE_LIMIT] > 0 || others->limited >= policy->limit))
		return GATE_LIMIT;
	if (policy->load > 0 &&
	    (others->earlier[GATE_LOAD] > 0 || (load_now() > policy->load && !is_only_run(others, ledger))))
		return GATE_LOAD;
	if (has_pressure(policy) &&
	    (others->earlier[GATE_PRESSURE] > 0 || (is_pressed(policy) && !is_only_run(others, ledger))))
		return GATE_PRESSURE;
	if (policy_slots(policy, ledger) > 1 && (others->earlier[GATE_TOKENS] > 0 || !may_gather(others, ledger)))
		return GATE_TOKENS;
	if (promise > 0 && (others->earlier[GATE_MEMORY] > 0 ||
	                    (!has_memory(others, record, memory, promise) && !is_only_run(others, ledger))))
		return GATE_MEMORY;
	return GATE_NONE;
}

/* Enters the run among the contenders: as waiting, at its gate, or as the tool that it becomes. */
static enum admission enter(const struct policy *policy, struct record *record, bool becomes, int gate)
{
	const unsigned slots = policy_slots(policy, record->ledger);

	if (becomes && gate != GATE_NONE)
		return CLOSED;
	if (!contenders_enter(record) || (becomes && !record_become(record)))
		return UNGATED;
	if (becomes)
		return ADMITTED;
	if (gate != GATE_NONE) {
		record_gated(record, gate);
		return CLOSED;
	}
	if (slots > 1)
		record_gathers(record, slots, true);
	record_waiting(record);
	return ADMITTED;
}

/* Looks at all gates at one moment. If they are open, the run takes what it needs, perhaps as the tool that it becomes. *wait: ms until the
 * next look. Call it with the contenders' lock. */
static enum admission look_at_gates(const struct policy *policy, struct record *record, const struct job *job, bool becomes, int *wait)
{
	struct ledger *ledger = record->ledger;
	struct others others = { .policy = policy, .since = record->at->since, .index = record->index, .pid = record->at->pid };
	struct memory memory = { .available = UINT64_MAX, .total = UINT64_MAX };
	uint64_t promise = policy->memory;
	int gate;

	if (!ledger_refresh(ledger))
		return UNGATED;
	caller_meet(ledger, job);
	if (becomes)
		caller_set_namespace(ledger);
	contenders_each(record, add_up, &others);
	if (others.passed)
		return PASSED;
	if (promise > 0 && memory_look(&memory, others.promised + promise, ledger) && promise > memory.total)
		promise = memory.total;
	record_contend(record, (uint32_t)promise, policy->limit > 0 ? policy->limit_rule : 0);
	gate = closed_gate(&others, record, (uint32_t)promise, &memory);
	*wait = TICK_MS * (1 + (int)others.earlier[gate]);
	if (*wait > TICK_MAX_MS)
		*wait = TICK_MAX_MS;
	return enter(policy, record, becomes, gate);
}

/* LOCKED: another run has the lock just now. */
static enum admission look(const struct policy *policy, struct record *record, const struct job *job, bool becomes, int *wait)
{
	enum admission admission;

	*wait = BUSY_MS;
	if (!contenders_lock(record->ledger))
		return errno == EAGAIN || errno == EACCES ? LOCKED : UNGATED;
	admission = look_at_gates(policy, record, job, becomes, wait);
	contenders_unlock(record->ledger);
	return admission;
}

enum admission gate_pass_at_once(const struct policy *policy, struct record *record, const struct job *job)
{
	int wait;
	const enum admission admission = look(policy, record, job, true, &wait);

	return admission == LOCKED ? CLOSED : admission;
}

enum admission gate_look(const struct policy *policy, struct record *record, const struct job *job)
{
	int wait;

	return record->ledger->fd < 0 || !record_is_noted(record) ? UNGATED : look(policy, record, job, false, &wait);
}

void gate_begin(struct gate *gate, const struct policy *policy, const struct job *job, double patience)
{
	*gate = (struct gate){ .policy = policy, .job = job, .keeper = keeper_make(patience) };
}

enum admission gate_step(struct gate *gate, const struct jobserver *jobserver, struct record *record, uint64_t *due_ns)
{
	enum admission admission;
	int wait;

	if (record->ledger->fd < 0 || !record_is_noted(record))
		return UNGATED;
	admission = look(gate->policy, record, gate->job, false, &wait);
	if (admission != CLOSED && admission != LOCKED)
		return admission;
	/* A look takes no time: a process that has the lock for so long was stopped, or is hostile. We count looks, not time, since we may
	 * be stopped, too. */
	gate->locked = admission == LOCKED ? gate->locked + 1 : 0;
	if (gate->locked == LOCKED_MS / BUSY_MS) {
		record_waiting(record);
		return LOCKED;
	}
	if (keeper_look(&gate->keeper, jobserver, record)) {
		record_waiting(record);
		return IMPATIENT;
	}
	*due_ns = monotonic_ns() + (uint64_t)wait * 1000000u;
	return CLOSED;
}
