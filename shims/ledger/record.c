#include "ledger/record.h"

#include <unistd.h>

#include "contract.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/mapping.h"
#include "ledger/peak.h"
#include "ledger/reclaim.h"
#include "ledger/records.h"
#include "ground/clock.h"
#include "proc/namespace.h"

enum { CLAIM_TRIES = 256 };

static void set_state(struct record *record, enum record_state state)
{
	__atomic_store_n(&record->at->state, (uint8_t)state, __ATOMIC_SEQ_CST);
}

static void set_since(struct record *record)
{
	record->at->since = monotonic_ns();
}

/* Locks a free record of the ledger. False if none is to be had. */
static bool lock_free(struct record *record, const struct jobserver *jobserver, pid_t pid)
{
	struct ledger *ledger = record->ledger;

	for (unsigned try = 0; ledger->fd >= 0 && try < CLAIM_TRIES; try++) {
		const unsigned index = ((unsigned)pid + try) % LEDGER_RECORD_COUNT;

		if (!record_lock(ledger, index))
			continue;
		if (record_reclaim(ledger, jobserver, index)) {
			record->index = index;
			return true;
		}
		record_unlock(ledger, index);
	}
	return false;
}

/* Makes it a record in the ledger. False if none is free: then it stays in our own memory. */
static bool claim(struct record *record, const struct jobserver *jobserver, pid_t pid)
{
	volatile struct ledger_record *at;

	if (!lock_free(record, jobserver, pid))
		return false;
	at = mapping_make(record->ledger->fd, record_offset(record->index));
	if (at != NULL) {
		record->at = at;
		return true;
	}
	record_unlock(record->ledger, record->index);
	record->index = LEDGER_RECORD_COUNT;
	return false;
}

static void begin(struct record *record, const struct record_of *of)
{
	volatile struct ledger_record *at = record->at;

	at->pid = (uint32_t)of->pid;
	at->job = of->job;
	at->promise = at->limit = 0;
	at->gate = at->slots = at->gathers = at->role = 0;
	at->pid_namespace = of->is_tools ? (uint32_t)pid_namespace() : 0;
	for (size_t i = 0; i + 1 < sizeof at->tool; i++)
		if ((at->tool[i] = of->tool[i]) == '\0')
			break;
	set_since(record); /* when the wait began, however often it tries */
}

static void prepare(struct record *record, struct ledger *ledger)
{
	*record = (struct record){ .ledger = ledger, .index = LEDGER_RECORD_COUNT };
	record->at = &record->own;
}

void record_claim(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of)
{
	prepare(record, ledger);
	(void)!claim(record, jobserver, of->pid);
	begin(record, of);
	record_waiting(record);
}

bool record_claim_further(struct record *record, const struct record *first, const struct jobserver *jobserver)
{
	char tool[LEDGER_TOOL_BYTES];

	for (size_t i = 0; i < sizeof tool; i++)
		tool[i] = first->at->tool[i];
	tool[sizeof tool - 1] = '\0';
	prepare(record, first->ledger);
	if (!claim(record, jobserver, (pid_t)first->at->pid))
		return false;
	begin(record, &(struct record_of){
	                  .pid = (pid_t)first->at->pid,
	                  .job = first->at->job,
	                  .tool = tool,
	                  .is_tools = first->at->pid_namespace != 0,
	              });
	record->at->role = ROLE_FURTHER;
	return true;
}

bool record_prepare(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of)
{
	prepare(record, ledger);
	if (!lock_free(record, jobserver, of->pid))
		return false;
	begin(record, of);
	return true;
}

bool record_become(struct record *record)
{
	record->own.pid_namespace = (uint32_t)pid_namespace();
	record->own.kind = SLOT_IMPLICIT;
	record->own.state = STATE_TOOL;
	set_since(record);
	return ledger_file_write(record->ledger->fd, &record->own, sizeof record->own, record_offset(record->index));
}

void record_abandon(struct record *record)
{
	if (record_is_noted(record))
		record_unlock(record->ledger, record->index);
	record->index = LEDGER_RECORD_COUNT;
}

bool record_is_noted(const struct record *record)
{
	return record->index < LEDGER_RECORD_COUNT;
}

void record_is_of(struct record *record, uint64_t job)
{
	record->at->job = job;
}

void record_waiting(struct record *record)
{
	record->at->kind = SLOT_NONE;
	set_state(record, STATE_WAITING);
}

void record_acquiring(struct record *record)
{
	record->at->token = 0;
	record->at->kind = SLOT_TOKEN;
	set_state(record, STATE_ACQUIRING);
}

void record_held(struct record *record, enum slot_kind kind)
{
	record->at->kind = (uint8_t)kind;
	set_since(record);
	set_state(record, STATE_HELD);
	if (kind == SLOT_OVERDRAFT)
		ledger_count_overdraft(record->ledger, record->at->job);
	else
		ledger_count_progress(record->ledger);
}

void record_releasing(struct record *record)
{
	set_state(record, STATE_RELEASING);
}

void record_free(struct record *record)
{
	set_state(record, STATE_FREE);
}

void record_gated(struct record *record, int gate)
{
	record->at->gate = (uint8_t)gate;
	set_state(record, STATE_GATED);
}

void record_gathers(struct record *record, unsigned slots, bool gathers)
{
	record->at->slots = (uint8_t)slots;
	record->at->gathers = gathers;
}

void record_contend(struct record *record, uint32_t promise, uint32_t limit_rule)
{
	record->at->promise = promise;
	record->at->limit = limit_rule;
	record->at->role = ROLE_CONTENDER;
}

unsigned char *record_token(struct record *record)
{
	return (unsigned char *)&record->at->token;
}

void record_count_run(struct record *record, const struct jobserver *jobserver, enum record_count as, uint64_t waited_ns)
{
	LEDGER_ADD(record->ledger, runs, 1);
	ledger_count_wait(record->ledger, waited_ns);
	record->at->counted = (uint8_t)as;
	peak_note(record->ledger, jobserver, LEDGER_ADD(record->ledger, running, 1));
}

void record_count_end(struct record *record)
{
	if (record->at->counted == COUNTED_NONE)
		return;
	record->at->counted = COUNTED_NONE;
	LEDGER_ADD(record->ledger, running, -1);
}
