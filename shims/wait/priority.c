#include "wait/priority.h"

#include <stdint.h>

#include "ledger/ledger.h"
#include "pool/implicit.h"
#include "pool/jobkey.h"
#include "pool/pool.h"
#include "pool/tokens.h"

/* Two that look at the same time would both take the last one above the reserve. */
static uint64_t lock_key(void)
{
	return job_key(0, 0, 0, "reserve");
}

/* How many tokens stay free. Of a pool whose size is not known it can't be told whether one would be left to take. */
static long kept_free(const struct pool *pool, const struct priority *priority)
{
	const long told = ledger_tokens(pool->ledger), tokens = told >= 0 ? told : priority->tokens;

	if (tokens <= 0)
		return 0;
	return (long)priority->reserve < tokens ? (long)priority->reserve : tokens - 1;
}

bool reserve_begin(struct pool *pool, const void *run, const struct priority *priority)
{
	const long kept = kept_free(pool, priority);
	int free;

	if (kept == 0)
		return true;
	if (!implicit_take(&pool->locks, run, lock_key()))
		return false;
	free = tokens_free(pool->jobserver);
	if (free < 0 || free > kept)
		return true;
	reserve_end(pool, run);
	return false;
}

void reserve_end(struct pool *pool, const void *run)
{
	implicit_give_back(&pool->locks, run, lock_key());
}
