#include "wait/priority.h"

#include "ground/clock.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "pool/implicit.h"
#include "pool/jobkey.h"
#include "pool/pool.h"
#include "pool/tokens.h"
#include "wait/keeper.h"

enum {
	RESERVE_LOOK_MS = 50, /* of a keeper, while no more than the reserve is free */
	LOOKS_MAX = 6,        /* after 1, 2, 4 ... 32 ms */
};

static const uint64_t MS = 1000000;

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

/* False if no more than the reserve is free. */
static bool is_above_reserve(struct pool *pool, const void *run, const struct priority *priority)
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
	priority_end(pool, run);
	return false;
}

/* Whether more tokens are out than there are runs: clients have the others, for their own children. */
static bool have_clients_some(const struct pool *pool, int free)
{
	const long tokens = ledger_tokens(pool->ledger);

	return tokens < 0 || free + (long)ledger_running(pool->ledger) < tokens;
}

/* A client that waits for a token has no place in any ring; but it takes one within microseconds, most often that which it has just given
 * back. So what is still free at so many looks no client wants. */
static bool is_left(struct pool *pool, uint64_t *due_ns)
{
	struct untaken *untaken = &pool->untaken;
	const uint64_t now = monotonic_ns();
	const int free = tokens_free(pool->jobserver);

	if (free <= 0 || !have_clients_some(pool, free))
		return true;
	if (untaken->looks == 0 || now >= untaken->due_ns)
		untaken->due_ns = now + (MS << untaken->looks++);
	*due_ns = untaken->due_ns;
	return untaken->looks > LOOKS_MAX;
}

bool priority_begin(struct pool *pool, const void *run, const struct priority *priority, bool keeps, uint64_t *due_ns)
{
	if (!is_left(pool, due_ns))
		return false;
	priority_none(pool);
	*due_ns = UINT64_MAX;
	if (is_above_reserve(pool, run, priority))
		return true;
	*due_ns = monotonic_ns() + (keeps ? RESERVE_LOOK_MS : SLEEP_MAX_MS) * MS;
	return false;
}

void priority_end(struct pool *pool, const void *run)
{
	implicit_give_back(&pool->locks, run, lock_key());
}

void priority_none(struct pool *pool)
{
	pool->untaken.looks = 0;
}
