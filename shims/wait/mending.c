#include "wait/mending.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "ledger/records.h"
#include "pool/jobserver.h"
#include "pool/locks.h"
#include "pool/pool.h"
#include "pool/systempool.h"
#include "pool/tokens.h"
#include "wait/keeper.h"
#include "wait/recovery.h"
#include "ground/clock.h"

enum {
	TICK_MS = 250,         /* while tokens are missing, or clients have some */
	WHOLE_MS = 500,        /* while all are free or noted, and of those that only stand by, */
	WHOLE_EACH_MS = 16,    /* and so much more for each launcher */
	SILENT_MS = 6000,      /* more than lies between two censuses: who has the duty is stopped, or can't take one */
};

static const uint64_t MS = 1000000, SECOND = 1000000000; /* in nanoseconds */

/* Two locks beside those of the pool (locks.h). One process has the duty, and keeps it. A step is below a lock of its own: what two looks
 * agree on is put right before anybody else looks, even if who has the duty was stopped, and another took its place. */
static const off_t DUTY = (off_t)1 << 59, STEP = DUTY + 2;

/* Of the one machine's pool that this process uses. */
static struct {
	dev_t device;
	ino_t inode;
	struct recovery recovery;
	uint32_t looks; /* of all processes, as last seen, */
	uint64_t looks_seen_ns;
	uint64_t due_ns;
} mending;

/* Whether another process has taken the census not long ago. */
static bool is_silent(const struct ledger *ledger, uint64_t now)
{
	const uint32_t looks = ledger->header->looks;

	if (looks != mending.looks || mending.looks_seen_ns == 0) {
		mending.looks = looks;
		mending.looks_seen_ns = now;
	}
	return now - mending.looks_seen_ns >= SILENT_MS * MS;
}

/* Whether each token is in the pool, or in a record: then no client has one, and none is lost. */
static bool is_accounted_for(const struct pool *pool, long total)
{
	const long free = tokens_free(pool->jobserver);
	long noted, living;

	return free >= 0 && free <= total && records_count(pool->ledger, &noted, &living) && free + noted >= total;
}

/* The step of whoever has the duty, or stands in for it. Returns how long until the next one. */
static uint64_t step(struct pool *pool, uint64_t now)
{
	const long total = ledger_tokens(pool->ledger);
	uint64_t due;

	ledger_reclaim_in_crowd(pool->ledger, pool->jobserver, TICK_MS * MS / 2);
	recovery_watch(&mending.recovery, pool->jobserver);
	if (total < 0 || is_accounted_for(pool, total))
		return WHOLE_MS * MS;
	(void)recovery_step(&mending.recovery, total, pool->jobserver, pool->ledger);
	/* It was our own. */
	mending.looks = pool->ledger->header->looks;
	due = recovery_due_ns(&mending.recovery);
	return due > now && due - now < TICK_MS * MS ? due - now : TICK_MS * MS;
}

static uint64_t stand_by_ns(const struct ledger *ledger)
{
	return (uint64_t)keeper_longer(WHOLE_MS, WHOLE_EACH_MS, ledger) * MS;
}

static bool is_same(const struct jobserver *jobserver)
{
	return mending.looks_seen_ns != 0 && mending.device == jobserver->device && mending.inode == jobserver->inode;
}

static void begin(const struct pool *pool, uint64_t now)
{
	mending.device = pool->jobserver->device;
	mending.inode = pool->jobserver->inode;
	mending.recovery = (struct recovery){ .looked = false };
	mending.looks_seen_ns = 0;
	(void)is_silent(pool->ledger, now);
	recovery_watch(&mending.recovery, pool->jobserver);
	mending.due_ns = now + TICK_MS * MS; /* many are over by then */
}

uint64_t mending_step(struct pool *pool)
{
	const uint64_t now = monotonic_ns();

	if (!pool->jobserver->machine || system_pool_is(pool->jobserver) || pool->ledger->fd < 0)
		return UINT64_MAX;
	ledger_map(pool->ledger);
	if (!is_same(pool->jobserver))
		begin(pool, now);
	if (now < mending.due_ns)
		return mending.due_ns;
	recovery_watch(&mending.recovery, pool->jobserver);
	mending.due_ns = now + stand_by_ns(pool->ledger);
	if ((locks_take(&pool->locks, &mending, DUTY) == LOCK_TAKEN || is_silent(pool->ledger, now)) &&
	    locks_take(&pool->locks, &mending, STEP) == LOCK_TAKEN) {
		mending.due_ns = now + step(pool, now);
		locks_give_back(&pool->locks, &mending, STEP);
	}
	return mending.due_ns;
}

const struct timespec *mending_pause(void *pool)
{
	static struct timespec pause;
	const uint64_t due = mending_step(pool), now = monotonic_ns(), wait = due > now ? due - now : 0;

	pause = (struct timespec){ .tv_sec = (time_t)(wait / SECOND), .tv_nsec = (long)(wait % SECOND) };
	return due == UINT64_MAX ? NULL : &pause;
}
