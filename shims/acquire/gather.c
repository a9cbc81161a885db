#include "acquire/gather.h"

#include <string.h>

#include "ledger/contenders.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/implicit.h"
#include "pool/pool.h"
#include "wait/others.h"
#include "wait/job.h"
#include "wait/keeper.h"
#include "wait/mending.h"
#include "wait/slot.h"
#include "wait/token.h"
#include "wait/turn.h"
#include "wait/waiting.h"
#include "ground/clock.h"

enum {
	LOOK_MS = 100,  /* between looks for implicit slots; a token wakes us */
	IDLE_LOOKS = 6, /* looks in a row that must find all others idle: a client may be between two children */
};

static bool has_all(const struct gathering *gathering)
{
	return gathering->tokens + gathering->borrowed >= gathering->further;
}

static enum token_outcome add_token(struct gathering *gathering)
{
	enum token_outcome outcome;
	unsigned number = gathering->tokens;
	struct record *record = &gathering->records[number];

	if (number == gathering->claimed) {
		if (!record_claim_further(record, gathering->first, gathering->pool->jobserver))
			return TOKEN_UNREADABLE;
		gathering->claimed++;
	}
	outcome = token_take(gathering->pool->jobserver, record, &gathering->bytes[number]);
	if (outcome == TOKEN_TAKEN)
		gathering->tokens++;
	else
		record_free(record);
	return outcome;
}

/* A job has one implicit slot, however many of its runs are at a gate. */
static bool add_implicit(struct gathering *gathering, uint64_t key)
{
	for (unsigned i = 0; i < gathering->borrowed; i++)
		if (gathering->keys[i] == key)
			return false;
	if (!implicit_take(&gathering->pool->locks, gathering->first, key))
		return false;
	gathering->keys[gathering->borrowed++] = key;
	return true;
}

/* A run that waits for a gate leaves its job's slot unused: make has taken that slot, and can't give it to us. */
static bool borrow(const struct contender *contender, void *state)
{
	struct gathering *gathering = state;

	if (contender->is_gated && contender->record.job != gathering->job->key)
		add_implicit(gathering, contender->record.job);
	return has_all(gathering);
}

static void end_turn(struct gathering *gathering)
{
	if (gathering->turn != NULL)
		turn_end(gathering->turn);
	gathering->turn = NULL;
}

/* The slots that it has are idle, and others of its job may come without end: they have that job's slot after it, and those that came before
 * it have it first. A run that gathers later has a later place, so nobody waits for more than one. */
static void add_own(struct gathering *gathering)
{
	if (turn_goes_on(gathering->turn) && add_implicit(gathering, gathering->job->key))
		end_turn(gathering);
}

static void add_implicits(struct gathering *gathering)
{
	if (gathering->turn != NULL)
		add_own(gathering);
	if (has_all(gathering) || gathering->pool->ledger->fd < 0 || !contenders_lock(gathering->pool->ledger))
		return;
	contenders_each(gathering->first, borrow, gathering);
	contenders_unlock(gathering->pool->ledger);
}

/* Whether nobody is left that could give us more. */
static bool has_all_there_are(struct gathering *gathering)
{
	gathering->keys[gathering->borrowed] = gathering->job->key; /* after those that count */
	return others_idle(gathering->pool->jobserver, gathering->pool->ledger, gathering->keys, gathering->borrowed + 1);
}

void gather_begin(struct gathering *gathering, struct turn *turn, unsigned wanted, double patience)
{
	memset(gathering, 0, sizeof *gathering);
	gathering->pool = turn->pool;
	gathering->first = turn->record;
	gathering->job = turn->job;
	gathering->turn = turn;
	if (turn->slot.kind != SLOT_TOKEN || turn->job->pays)
		end_turn(gathering);
	gathering->further = wanted - 1;
	gathering->keeper = keeper_make(patience);
}

/* One look. GATHERS: something is missing. */
static enum gathered look(struct gathering *gathering)
{
	enum token_outcome outcome = TOKEN_NONE_FREE;

	while (!has_all(gathering) && (outcome = add_token(gathering)) == TOKEN_TAKEN)
		gathering->idle_looks = 0;
	if (!has_all(gathering))
		add_implicits(gathering);
	if (has_all(gathering))
		return GATHERED;
	if (outcome == TOKEN_UNREADABLE)
		return UNNOTED;
	(void)mending_step(gathering->pool);
	if (keeper_look(&gathering->keeper, gathering->pool->jobserver, gathering->first))
		return IN_VAIN;
	gathering->idle_looks = has_all_there_are(gathering) ? gathering->idle_looks + 1 : 0;
	return gathering->idle_looks == IDLE_LOOKS ? GATHERED : GATHERS;
}

enum gathered gather_step(struct gathering *gathering, struct waiting *waiting)
{
	const enum gathered gathered = look(gathering);

	if (gathered == GATHERS) {
		*waiting = (struct waiting){
			.token = true,
			.call = gathering->turn != NULL ? gathering->turn->queue.socket : -1,
			.end = -1,
			.due_ns = monotonic_ns() + (uint64_t)LOOK_MS * 1000000u,
		};
		return GATHERS;
	}
	end_turn(gathering);
	if (gathered != GATHERED)
		gather_give_back(gathering);
	return gathered;
}

void gather_give_back(struct gathering *gathering)
{
	for (unsigned i = 0; i < gathering->tokens; i++)
		if (token_give_back(gathering->pool->jobserver, &gathering->records[i], gathering->bytes[i]))
			record_free(&gathering->records[i]);
	for (unsigned i = 0; i < gathering->borrowed; i++)
		implicit_give_back(&gathering->pool->locks, gathering->first, gathering->keys[i]);
	gathering->tokens = gathering->borrowed = 0;
}

void gather_end(struct gathering *gathering)
{
	for (unsigned i = 0; i < gathering->claimed; i++)
		record_abandon(&gathering->records[i]);
	gathering->claimed = 0;
}
