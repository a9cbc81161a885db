#include "wait/slot.h"

#include "ledger/reclaim.h"
#include "ledger/record.h"
#include "pool/pool.h"
#include "wait/token.h"

void slot_give_back(const struct slot *slot, const struct pool *pool, struct record *record)
{
	record_count_end(record); /* before the token goes: whoever gets it must not be counted beside us */
	if (slot->kind == SLOT_TOKEN && !token_give_back(pool->jobserver, record, slot->token))
		return;
	record_free(record);
	ledger_reclaim_now_and_then(pool->ledger, pool->jobserver);
}
