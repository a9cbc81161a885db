/* The ledger's record of our own run (ledger.h). */
#include <fcntl.h>
#include <unistd.h>

#include "contract.h"
#include "ground/clock.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/mapping.h"
#include "ledger/records.h"
#include "proc/namespace.h"

enum { CLAIM_TRIES = 256 };

static _Alignas(8) unsigned char private_record[LEDGER_RECORD_BYTES];

void ledger_record_privately(struct ledger *ledger)
{
	ledger->record = private_record;
}

static void set_state(struct ledger *ledger, unsigned char state)
{
	__atomic_store_n(ledger->record + RECORD_STATE, state, __ATOMIC_SEQ_CST);
}

static void set_since(struct ledger *ledger)
{
	*FIELD(uint64_t, ledger->record, RECORD_SINCE) = monotonic_ns();
}

/* Locks a free record. False where none is to be had. */
static bool lock_free(struct ledger *ledger, const struct jobserver *jobserver)
{
	for (unsigned try = 0; ledger->fd >= 0 && try < CLAIM_TRIES; try++) {
		unsigned index = ((unsigned)getpid() + try) % LEDGER_RECORD_COUNT;

		if (!record_lock(ledger, index, F_WRLCK))
			continue;
		if (!record_reclaim(ledger, jobserver, index)) {
			record_lock(ledger, index, F_UNLCK);
			continue;
		}
		ledger->index = index;
		return true;
	}
	return false;
}

static off_t offset_of(const struct ledger *ledger)
{
	return LEDGER_HEADER_BYTES + (off_t)ledger->index * LEDGER_RECORD_BYTES;
}

/* Takes a free record. False where none is to be had. */
static bool claim(struct ledger *ledger, const struct jobserver *jobserver, size_t slot)
{
	if (!lock_free(ledger, jobserver))
		return false;
	ledger->record = mapping_make(ledger->fd, offset_of(ledger), slot);
	if (ledger->record != NULL)
		return true;
	ledger->index = LEDGER_RECORD_COUNT;
	return false;
}

static void begin(struct ledger *ledger, uint64_t job, const char *tool)
{
	*FIELD(uint32_t, ledger->record, RECORD_PID) = (uint32_t)getpid();
	*FIELD(uint64_t, ledger->record, RECORD_JOB) = job;
	*FIELD(uint64_t, ledger->record, RECORD_PROMISE) = 0;
	*FIELD(uint64_t, ledger->record, RECORD_GATE) = 0;
	for (size_t i = 0; i + 1 < LEDGER_TOOL_BYTES && tool[i] != '\0'; i++)
		ledger->record[RECORD_TOOL + i] = (unsigned char)tool[i];
	set_since(ledger); /* of the wait; it goes on through all attempts */
}

void ledger_claim(struct ledger *ledger, const struct jobserver *jobserver, uint64_t job, const char *tool)
{
	ledger->index = LEDGER_RECORD_COUNT;
	if (!claim(ledger, jobserver, 1))
		ledger_record_privately(ledger);
	begin(ledger, job, tool);
	ledger_waiting(ledger);
}

bool ledger_claim_copy(struct ledger *ledger, const struct jobserver *jobserver, uint64_t job, const char *tool)
{
	ledger->index = LEDGER_RECORD_COUNT;
	if (!lock_free(ledger, jobserver))
		return false;
	ledger_record_privately(ledger);
	begin(ledger, job, tool);
	return true;
}

bool ledger_claim_another(struct ledger *another, const struct ledger *first, const struct jobserver *jobserver,
                          uint64_t job)
{
	size_t slot = 2;

	*another = *first;
	while (slot < MAPPED_MAX && !mapping_is_free(slot))
		slot++;
	if (slot == MAPPED_MAX || !claim(another, jobserver, slot))
		return false;
	begin(another, job, (const char *)first->record + RECORD_TOOL);
	another->record[RECORD_ASKS] = ASKS_FURTHER;
	return true;
}

void ledger_waiting(struct ledger *ledger)
{
	ledger->record[RECORD_KIND] = SLOT_NONE;
	set_state(ledger, STATE_WAITING);
}

void ledger_asks(struct ledger *ledger, uint32_t promise, uint32_t limit_rule)
{
	*FIELD(uint32_t, ledger->record, RECORD_PROMISE) = promise;
	*FIELD(uint32_t, ledger->record, RECORD_LIMIT) = limit_rule;
	ledger->record[RECORD_ASKS] = ASKS_SOMETHING;
}

void ledger_gated(struct ledger *ledger, int gate)
{
	ledger->record[RECORD_GATE] = (unsigned char)gate;
	set_state(ledger, STATE_GATED);
}

void ledger_gathers(struct ledger *ledger, unsigned slots, bool gathers)
{
	ledger->record[RECORD_SLOTS] = (unsigned char)slots;
	ledger->record[RECORD_GATHERS] = gathers;
}

int ledger_gate(const struct ledger *ledger)
{
	return ledger->record[RECORD_GATE];
}

uint64_t ledger_since(const struct ledger *ledger)
{
	return *FIELD(uint64_t, ledger->record, RECORD_SINCE);
}

void ledger_acquiring(struct ledger *ledger)
{
	ledger->record[RECORD_TOKEN] = 0;
	ledger->record[RECORD_KIND] = SLOT_TOKEN;
	set_state(ledger, STATE_ACQUIRING);
}

void ledger_held(struct ledger *ledger, int kind)
{
	ledger->record[RECORD_KIND] = (unsigned char)kind;
	set_since(ledger);
	set_state(ledger, STATE_HELD);
	if (kind == SLOT_OVERDRAFT)
		ledger_count_overdraft(ledger);
	else
		ledger_count_progress(ledger);
}

void ledger_releasing(struct ledger *ledger)
{
	set_state(ledger, STATE_RELEASING);
}

void ledger_free(struct ledger *ledger)
{
	set_state(ledger, STATE_FREE);
}

bool ledger_become(struct ledger *ledger)
{
	*FIELD(uint32_t, ledger->record, RECORD_PID_NAMESPACE) = (uint32_t)pid_namespace();
	ledger->record[RECORD_KIND] = SLOT_IMPLICIT;
	ledger->record[RECORD_STATE] = STATE_TOOL;
	set_since(ledger);
	return ledger_file_write(ledger->fd, private_record, sizeof private_record, offset_of(ledger));
}

void ledger_unclaim(struct ledger *ledger)
{
	record_lock(ledger, ledger->index, F_UNLCK);
}

unsigned char *ledger_token(struct ledger *ledger)
{
	return (unsigned char *)ledger->record + RECORD_TOKEN;
}
