#include "ledger/reclaim.h"

#include <stddef.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/deadtoken.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/records.h"
#include "pool/jobserver.h"
#include "ground/clock.h"

enum { CROWD = 64, TURNS = 8 };
static const uint64_t TURN_NS = 100000000u;
static const uint64_t RECLAIM_NS = 1000000000u; /* a pool is whole again within a second */

/* Before its token goes: whoever gets that must not be counted beside it. */
static bool count_out(const struct ledger *ledger, unsigned index, const struct ledger_record *record)
{
	const uint8_t none = COUNTED_NONE;

	if (record->counted == COUNTED_NONE)
		return true;
	if (!ledger_file_write(ledger->fd, &none, sizeof none, record_offset(index) + (off_t)offsetof(struct ledger_record, counted)))
		return false;
	LEDGER_ADD(ledger, running, -1);
	return true;
}

bool record_reclaim(struct ledger *ledger, const struct jobserver *jobserver, unsigned index)
{
	static const struct ledger_record empty;
	struct ledger_record record;

	if (!record_read(ledger, index, &record))
		return false;
	if (record.state == STATE_FREE)
		return true;
	if (record.state == STATE_TOOL && record_owner(ledger, index, &record) != OWNER_DEAD)
		return false;
	ledger_map(ledger); /* what was counted is taken out of it */
	if (ledger->fd < 0)
		return false;
	if (!count_out(ledger, index, &record) || !dead_token_return(ledger, jobserver, index, &record))
		return false;
	(void)!ledger_file_write(ledger->fd, &empty, sizeof empty, record_offset(index)); /* a full disk: the next reclaimer tries again */
	return true;
}

uint32_t ledger_used(const struct ledger *ledger)
{
	return ledger->header->used;
}

struct reclaim {
	struct ledger *ledger;
	const struct jobserver *jobserver;
	uint32_t used;
	unsigned turn; /* which part of the records without a token is checked, of TURNS; TURNS: all */
};

static void reclaim_if_dead(unsigned index, const struct ledger_record *record, void *state)
{
	struct reclaim *reclaim = state;

	reclaim->used++;
	/* For each lock that is tried the kernel goes through all others: so records that can't hold a token are checked in turns. */
	if (reclaim->turn < TURNS && index % TURNS != reclaim->turn && record->kind != SLOT_TOKEN)
		return;
	if (!record_lock(reclaim->ledger, index))
		return;
	record_reclaim(reclaim->ledger, reclaim->jobserver, index);
	record_unlock(reclaim->ledger, index);
}

static void search(struct ledger *ledger, const struct jobserver *jobserver, unsigned turn)
{
	struct reclaim reclaim = { .ledger = ledger, .jobserver = jobserver, .turn = turn };

	if (ledger->fd < 0)
		return;
	ledger->header->reclaimed_at = monotonic_ns();
	if (records_each(ledger, reclaim_if_dead, &reclaim))
		ledger->header->used = reclaim.used;
}

void ledger_reclaim(struct ledger *ledger, const struct jobserver *jobserver)
{
	search(ledger, jobserver, TURNS);
}

static bool done_within(const struct ledger *ledger, uint64_t age_ns)
{
	return monotonic_ns() - ledger->header->reclaimed_at < age_ns;
}

bool ledger_reclaim_in_crowd(struct ledger *ledger, const struct jobserver *jobserver, uint64_t age_ns)
{
	bool crowded = ledger_used(ledger) > CROWD;

	if (crowded && done_within(ledger, age_ns))
		return false;
	search(ledger, jobserver, crowded ? (unsigned)(monotonic_ns() / TURN_NS % TURNS) : TURNS);
	return true;
}

void ledger_reclaim_now_and_then(struct ledger *ledger, const struct jobserver *jobserver)
{
	if (!done_within(ledger, RECLAIM_NS))
		ledger_reclaim(ledger, jobserver);
}
