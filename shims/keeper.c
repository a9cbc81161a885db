#include "keeper.h"

#include "ledger.h"
#include "records.h"

enum { LOOK_EACH_MS = 16 }; /* it looks less often by that for each launcher, while another one does it for all */

static const uint64_t MS = 1000000; /* in nanoseconds */

struct keeper keeper_make(double patience)
{
	return (struct keeper){
		.look_again_ms = LOOK_AGAIN_MS, .patience = { .seconds = patience, .arrived_ns = monotonic_ns() }
	};
}

int keeper_longer(int ms, int each_ms, const struct ledger *ledger)
{
	uint32_t others = ledger_used(ledger);

	return others < (uint32_t)((SLEEP_MAX_MS - ms) / each_ms) ? ms + (int)others * each_ms : SLEEP_MAX_MS;
}

bool keeper_look(struct keeper *keeper, const struct jobserver *jobserver, struct ledger *ledger)
{
	if (monotonic_ns() - keeper->looked_ns < LOOK_AGAIN_MS * MS)
		return false;
	/* Of a crowd of keepers one or two look so often; who finds nobody doing it begins. */
	keeper->look_again_ms = LOOK_AGAIN_MS;
	if (!ledger_reclaim_in_crowd(ledger, jobserver, LOOK_AGAIN_MS * MS / 2))
		keeper->look_again_ms = keeper_longer(LOOK_AGAIN_MS, LOOK_EACH_MS, ledger);
	keeper->looked_ns = monotonic_ns();
#ifdef JOBSHIM_NAIVE
	return false;
#endif
	return patience_is_out(&keeper->patience, jobserver, ledger);
}
