#include "wait/asking.h"

#include <fcntl.h>
#include <string.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/records.h"

enum { CELLS = (LEDGER_HEADER_BYTES - HEADER_ASKING) / (int)sizeof(uint16_t) };

static bool set_lock(const struct ledger *ledger, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)1 << 40, .l_len = 1 };

	return fcntl(ledger->fd, F_OFD_SETLK, &lock) == 0;
}

bool asking_lock(const struct ledger *ledger)
{
	return set_lock(ledger, F_WRLCK);
}

void asking_unlock(const struct ledger *ledger)
{
	set_lock(ledger, F_UNLCK);
}

static volatile uint16_t *cell(const struct ledger *ledger, unsigned number)
{
	return FIELD(uint16_t, ledger->header, HEADER_ASKING + number * sizeof(uint16_t));
}

static bool set_cell(struct ledger *ledger, unsigned number, unsigned value)
{
	*cell(ledger, number) = (uint16_t)value;
	return ledger_store(ledger, HEADER_ASKING + number * sizeof(uint16_t), sizeof(uint16_t));
}

bool asking_enter(struct ledger *ledger)
{
	const unsigned own = ledger->index + 1;
	unsigned empty = CELLS;

	for (unsigned i = 0; i < CELLS; i++) {
		if (*cell(ledger, i) == own)
			return true; /* of an earlier owner of the record */
		if (*cell(ledger, i) == 0 && empty == CELLS)
			empty = i;
	}
	return empty < CELLS && set_cell(ledger, empty, own);
}

/* What the record says, and whether it is of a living run that is asked anything. */
static enum owner read_asking(const struct ledger *ledger, unsigned index, struct asking *asking)
{
	unsigned char record[LEDGER_RECORD_BYTES];
	uint32_t pid;

	if (index >= LEDGER_RECORD_COUNT ||
	    !ledger_file_read(ledger->fd, record, sizeof record, LEDGER_HEADER_BYTES + (off_t)index * LEDGER_RECORD_BYTES))
		return OWNER_DEAD;
	*asking = (struct asking){
		.index = index,
		.tool = record[RECORD_STATE] == STATE_TOOL,
		.gated = record[RECORD_STATE] == STATE_GATED,
		.gate = record[RECORD_GATE],
		.slots = record[RECORD_SLOTS],
		.gathers = record[RECORD_GATHERS] != 0,
	};
	memcpy(&pid, record + RECORD_PID, sizeof pid);
	asking->pid = (pid_t)pid;
	memcpy(&asking->promise, record + RECORD_PROMISE, sizeof asking->promise);
	memcpy(&asking->limit, record + RECORD_LIMIT, sizeof asking->limit);
	memcpy(&asking->since, record + RECORD_SINCE, sizeof asking->since);
	memcpy(&asking->job, record + RECORD_JOB, sizeof asking->job);
	if (record[RECORD_STATE] == STATE_FREE || record[RECORD_ASKS] != ASKS_SOMETHING)
		return OWNER_DEAD;
	return record_owner(ledger, index, record);
}

void asking_each(struct ledger *ledger, bool (*visit)(const struct asking *asking, void *state), void *state)
{
	for (unsigned i = 0; i < CELLS; i++) {
		struct asking asking;
		unsigned index = *cell(ledger, i);
		enum owner owner;

		if (index == 0 || index - 1 == ledger->index)
			continue;
		owner = read_asking(ledger, index - 1, &asking);
		if (owner == OWNER_DEAD)
			(void)!set_cell(ledger, i, 0); /* it ended; else the next one clears it */
		else if (owner == OWNER_LIVES && visit(&asking, state))
			return;
	}
}
