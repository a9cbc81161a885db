#include "ledger/counters.h"

#include "contract.h"
#include "ledger/ledger.h"
#include "ground/clock.h"

uint32_t ledger_running(const struct ledger *ledger)
{
	return ledger->header->running;
}

void ledger_count_wait(const struct ledger *ledger, uint64_t waited_ns)
{
	const uint64_t waited = waited_ns / 1000;
	uint64_t longest = ledger->header->longest_microseconds;

	LEDGER_ADD(ledger, waited_microseconds, waited);
	while (waited > longest && !__atomic_compare_exchange_n(&ledger->header->longest_microseconds, &longest, waited, false, __ATOMIC_SEQ_CST,
	                                                        __ATOMIC_SEQ_CST))
		;
}

void ledger_count_gate(const struct ledger *ledger, int gate, uint64_t waited_ns)
{
	if (ledger->fd >= 0 && gate > GATE_NONE && gate <= GATE_MEMORY)
		LEDGER_ADD(ledger, gated_microseconds[gate - 1], waited_ns / 1000);
}

void ledger_count_caller_run(const struct ledger *ledger)
{
	LEDGER_ADD(ledger, caller_runs, 1);
}

void ledger_count_overdraft(const struct ledger *ledger, uint64_t job)
{
	LEDGER_ADD(ledger, overdrafts, 1);
	/* Two writers at once may mix their bytes: then a wait takes a second longer. */
	ledger->header->overdraft_job = job;
	ledger->header->overdraft_at = monotonic_ns();
}

bool ledger_had_overdraft(const struct ledger *ledger, uint64_t job, uint64_t since_ns)
{
	return ledger->header->overdraft_at >= since_ns && ledger->header->overdraft_job == job;
}

void ledger_count_progress(const struct ledger *ledger)
{
	__atomic_store_n(&ledger->header->progress, monotonic_ns(), __ATOMIC_SEQ_CST);
}

uint64_t ledger_progress(const struct ledger *ledger)
{
	return ledger->header->progress;
}

/* A ring: in a hash table by pid one in fifty would be overwritten before it is read, since pids are given out in turn. */
void ledger_note_caller(const struct ledger *ledger, pid_t pid)
{
	uint32_t number;

	if (ledger->copied || pid <= 0)
		return;
	number = LEDGER_ADD(ledger, callers_noted, 1) - 1;
	ledger->header->callers[number % LEDGER_CALLER_COUNT] = (uint32_t)pid;
}

bool ledger_has_caller(const struct ledger *ledger, pid_t pid)
{
	for (size_t i = 0; i < LEDGER_CALLER_COUNT; i++)
		if (ledger->header->callers[i] == (uint32_t)pid)
			return true;
	return false;
}

void ledger_note_supervisor(const struct ledger *ledger)
{
	ledger->header->supervised = 1;
}

bool ledger_is_supervised(const struct ledger *ledger)
{
	return ledger->header->supervised != 0;
}
