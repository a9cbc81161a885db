#include "wait/keeper.h"

#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "ledger/record.h"
#include "wait/patience.h"
#include "ground/clock.h"

enum { LOOK_EACH_MS = 16 }; /* each launcher makes the checks of a keeper this much rarer, as long as another keeper does them */

static const uint64_t MS = 1000000; /* in nanoseconds */

struct keeper keeper_make(double patience)
{
	return (struct keeper){ .patience = patience_make(patience) };
}

int keeper_longer(int ms, int each_ms, const struct ledger *ledger)
{
	uint32_t others = ledger_used(ledger);

	return others < (uint32_t)((SLEEP_MAX_MS - ms) / each_ms) ? ms + (int)others * each_ms : SLEEP_MAX_MS;
}

/* Of many keepers only one or two check so often. A keeper that finds no recent check starts to. */
static void look_for_the_dead(struct keeper *keeper, const struct jobserver *jobserver, struct ledger *ledger)
{
	const uint64_t now = monotonic_ns();
	int again_ms = LOOK_AGAIN_MS;

	if (now < keeper->reclaim_due_ns)
		return;
	if (!ledger_reclaim_in_crowd(ledger, jobserver, LOOK_AGAIN_MS * MS / 2))
		again_ms = keeper_longer(LOOK_AGAIN_MS, LOOK_EACH_MS, ledger);
	keeper->reclaim_due_ns = now + (uint64_t)again_ms * MS;
}

bool keeper_look(struct keeper *keeper, const struct jobserver *jobserver, const struct record *record)
{
	look_for_the_dead(keeper, jobserver, record->ledger);
	return patience_is_out(&keeper->patience, jobserver, record);
}

uint64_t keeper_due_ns(const struct keeper *keeper)
{
	const uint64_t reclaim = keeper->reclaim_due_ns, patience = keeper->patience.due_ns;

	return reclaim < patience ? reclaim : patience;
}
