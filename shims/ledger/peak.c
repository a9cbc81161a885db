#include "ledger/peak.h"

#include <stdbool.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "ledger/records.h"

enum { TRIES = 8 };

/* Records that count a run, in a job's own slot, that another record has by now. The kernel drops the lock on that slot as it closes the
 * files of a killed launcher, and the lock on the record a moment later: so the next run may have the slot while the dead one still counts. */
struct outlived {
	const struct ledger *ledger;
	unsigned char jobs[LEDGER_RECORD_COUNT / 8]; /* those seen: a bit for each, which several may share */
	uint32_t count;
};

struct earlier {
	uint64_t job;
	unsigned index;
	bool found;
};

static bool has_own_slot(const struct ledger_record *record)
{
	return record->counted == COUNTED_RUN && record->kind == SLOT_IMPLICIT;
}

static void look_for_earlier(unsigned index, const struct ledger_record *record, void *state)
{
	struct earlier *earlier = state;

	earlier->found = earlier->found || (index < earlier->index && has_own_slot(record) && record->job == earlier->job);
}

static void count_if_second(unsigned index, const struct ledger_record *record, void *state)
{
	struct outlived *outlived = state;
	struct earlier earlier = { .job = record->job, .index = index };
	const unsigned bit = record->job % LEDGER_RECORD_COUNT;
	unsigned char *const seen = &outlived->jobs[bit / 8], mask = (unsigned char)(1u << bit % 8);

	if (!has_own_slot(record))
		return;
	if ((*seen & mask) != 0 && records_each(outlived->ledger, look_for_earlier, &earlier) && earlier.found)
		outlived->count++;
	*seen |= mask;
}

/* How many run, without those of killed launchers. */
static uint32_t count_living(struct ledger *ledger, const struct jobserver *jobserver)
{
	uint32_t running = 0;

	ledger_reclaim(ledger, jobserver);
	for (unsigned try = 0; try < TRIES; try++) {
		struct outlived outlived = { .ledger = ledger };
		const uint32_t before = ledger->header->running;

		(void)records_each(ledger, count_if_second, &outlived);
		running = before > outlived.count ? before - outlived.count : 0;
		if (ledger->header->running == before) /* else a run may have been taken out of the one number and not of the other */
			break;
	}
	return running;
}

void peak_note(struct ledger *ledger, const struct jobserver *jobserver, uint32_t running)
{
	uint32_t peak = ledger->header->peak;

	if (running <= peak)
		return;
	running = count_living(ledger, jobserver);
	while (running > peak &&
	       !__atomic_compare_exchange_n(&ledger->header->peak, &peak, running, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}
