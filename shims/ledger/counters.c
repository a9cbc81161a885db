/* What the ledger counts for the summary, and for those who wait. */
#include "contract.h"
#include "ground/clock.h"
#include "ledger/ledger.h"
#include "ledger/records.h"
#include "pool/jobserver.h"

uint32_t ledger_running(const struct ledger *ledger)
{
	return *FIELD(uint32_t, ledger->header, HEADER_RUNNING);
}

bool ledger_had_overdraft(const struct ledger *ledger, uint64_t since_ns)
{
	return *FIELD(uint64_t, ledger->header, HEADER_OVERDRAFT_AT) >= since_ns &&
	       *FIELD(uint64_t, ledger->header, HEADER_OVERDRAFT_JOB) == *FIELD(uint64_t, ledger->record, RECORD_JOB);
}

void ledger_count_overdraft(struct ledger *ledger)
{
	__atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_OVERDRAFTS), 1, __ATOMIC_SEQ_CST);
	/* Two at once may mix theirs: a wait then takes a second longer. */
	*FIELD(uint64_t, ledger->header, HEADER_OVERDRAFT_JOB) = *FIELD(uint64_t, ledger->record, RECORD_JOB);
	*FIELD(uint64_t, ledger->header, HEADER_OVERDRAFT_AT) = monotonic_ns();
}

/* A ring: by a hash of the pid one in fifty would be gone before somebody looks, since pids are given out in turn. */
void ledger_note_caller(struct ledger *ledger, pid_t pid)
{
	uint32_t number;

	if (ledger->copied || pid <= 0)
		return;
	number = __atomic_fetch_add(FIELD(uint32_t, ledger->header, HEADER_CALLERS_NOTED), 1, __ATOMIC_SEQ_CST);
	FIELD(uint32_t, ledger->header, HEADER_CALLERS)[number % LEDGER_CALLER_COUNT] = (uint32_t)pid;
}

bool ledger_has_caller(const struct ledger *ledger, pid_t pid)
{
	const volatile uint32_t *noted = FIELD(uint32_t, ledger->header, HEADER_CALLERS);

	for (size_t i = 0; i < LEDGER_CALLER_COUNT; i++)
		if (noted[i] == (uint32_t)pid)
			return true;
	return false;
}

void ledger_count_end(struct ledger *ledger)
{
	if (ledger->record[RECORD_COUNTED] == 0)
		return;
	ledger->record[RECORD_COUNTED] = 0;
	__atomic_sub_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
}

void ledger_count_wait(struct ledger *ledger, uint64_t waited_ns)
{
	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_WAITED_MICROSECONDS), waited_ns / 1000, __ATOMIC_SEQ_CST);
}

void ledger_count_gate(struct ledger *ledger, int gate, uint64_t waited_ns)
{
	if (ledger->fd >= 0 && gate > GATE_NONE && gate <= GATE_MEMORY)
		__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_GATED_MICROSECONDS + 8 * gate), waited_ns / 1000,
		                   __ATOMIC_SEQ_CST);
}

void ledger_count_run(struct ledger *ledger, const struct jobserver *jobserver, uint64_t waited_ns)
{
	volatile uint32_t *peak = FIELD(uint32_t, ledger->header, HEADER_PEAK);
	uint32_t running, seen;

	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_RUNS), 1, __ATOMIC_SEQ_CST);
	ledger_count_wait(ledger, waited_ns);
	ledger->record[RECORD_COUNTED] = 1;
	running = __atomic_add_fetch(FIELD(uint32_t, ledger->header, HEADER_RUNNING), 1, __ATOMIC_SEQ_CST);
	seen = *peak;
	/* Before it becomes the summary's figure, what was killed is taken out of it. */
	if (running > seen) {
		ledger_reclaim(ledger, jobserver);
		running = *FIELD(uint32_t, ledger->header, HEADER_RUNNING);
	}
	while (running > seen && !__atomic_compare_exchange_n(peak, &seen, running, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

void ledger_count_caller_run(struct ledger *ledger)
{
	__atomic_add_fetch(FIELD(uint64_t, ledger->header, HEADER_CALLER_RUNS), 1, __ATOMIC_SEQ_CST);
}

void ledger_count_progress(struct ledger *ledger)
{
	__atomic_store_n(FIELD(uint64_t, ledger->header, HEADER_PROGRESS), monotonic_ns(), __ATOMIC_SEQ_CST);
}

uint64_t ledger_progress(const struct ledger *ledger)
{
	return *FIELD(uint64_t, ledger->header, HEADER_PROGRESS);
}
