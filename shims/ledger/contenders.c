#include "ledger/contenders.h"

#include <fcntl.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/records.h"

enum { CELLS = sizeof ((struct ledger_header *)0)->contenders / sizeof(uint16_t) };

static bool set_lock(const struct ledger *ledger, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)1 << 40, .l_len = 1 };

	return fcntl(ledger->fd, F_OFD_SETLK, &lock) == 0;
}

bool contenders_lock(const struct ledger *ledger)
{
	return set_lock(ledger, F_WRLCK);
}

void contenders_unlock(const struct ledger *ledger)
{
	set_lock(ledger, F_UNLCK);
}

static bool set_cell(const struct ledger *ledger, unsigned number, unsigned value)
{
	ledger->header->contenders[number] = (uint16_t)value;
	return ledger_store(ledger, offsetof(struct ledger_header, contenders) + number * sizeof(uint16_t), sizeof(uint16_t));
}

bool contenders_enter(const struct record *record)
{
	const unsigned own = record->index + 1;
	unsigned empty = CELLS;

	for (unsigned i = 0; i < CELLS; i++) {
		const unsigned cell = record->ledger->header->contenders[i];

		if (cell == own)
			return true; /* of an earlier owner of the record */
		if (cell == 0 && empty == CELLS)
			empty = i;
	}
	return empty < CELLS && set_cell(record->ledger, empty, own);
}

/* Reads the record. OWNER_LIVES if it is a contender's that lives. */
static enum owner read_contender(const struct ledger *ledger, unsigned index, struct contender *contender)
{
	if (index >= LEDGER_RECORD_COUNT || !record_read(ledger, index, &contender->record))
		return OWNER_DEAD;
	contender->index = index;
	contender->is_tool = contender->record.state == STATE_TOOL;
	contender->is_gated = contender->record.state == STATE_GATED;
	if (contender->record.state == STATE_FREE || contender->record.role != ROLE_CONTENDER)
		return OWNER_DEAD;
	return record_owner(ledger, index, &contender->record);
}

void contenders_each(const struct record *record, bool (*visit)(const struct contender *contender, void *state), void *state)
{
	const struct ledger *ledger = record->ledger;

	for (unsigned i = 0; i < CELLS; i++) {
		struct contender contender;
		const unsigned index = ledger->header->contenders[i];
		enum owner owner;

		if (index == 0 || index - 1 == record->index)
			continue;
		owner = read_contender(ledger, index - 1, &contender);
		if (owner == OWNER_DEAD)
			(void)!set_cell(ledger, i, 0); /* it ended; if this fails the next run clears it */
		else if (owner == OWNER_LIVES && visit(&contender, state))
			return;
	}
}
