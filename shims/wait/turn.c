#include "wait/turn.h"

#include <unistd.h>

#include "contract.h"
#include "ledger/record.h"
#include "pool/implicit.h"
#include "pool/pool.h"
#include "wait/job.h"
#include "wait/keeper.h"
#include "wait/queue.h"
#include "wait/token.h"
#include "wait/waiting.h"
#include "ground/clock.h"

enum {
	UNSEEN_HOLDER_MS = 10, /* the keeper, if the implicit slot's holder can't be watched */
	TICK_MS = 750,         /* the others: the keeper may have been stopped or killed */
	TICK_EACH_MS = 50,     /* longer by that for each launcher */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

void turn_begin(struct turn *turn, struct pool *pool, struct record *record, const struct job *job, double patience)
{
	*turn = (struct turn){ .pool = pool, .run = record, .record = record, .job = job, .keeper = keeper_make(patience), .end = -1 };
	turn->queue.socket = -1;
}

static enum token_outcome try_token(struct turn *turn)
{
	enum token_outcome outcome = token_take(turn->pool->jobserver, turn->record, &turn->slot.token);

	if (outcome == TOKEN_TAKEN)
		turn->slot.kind = SLOT_TOKEN;
	else
		record_waiting(turn->record);
	return outcome;
}

static bool try_implicit(struct turn *turn)
{
	if (turn->job->pays ||
	    !implicit_take_any(&turn->pool->locks, turn->run, turn->job->key, turn->job->claim, &turn->slot.claimed))
		return false;
	record_held(turn->record, SLOT_IMPLICIT);
	turn->slot.kind = SLOT_IMPLICIT;
	return true;
}

static uint64_t ms_from_now(int ms)
{
	return monotonic_ns() + (uint64_t)ms * MS;
}

static uint64_t next_tick_ns(const struct turn *turn)
{
	return ms_from_now(turn->queue.socket < 0 ? LOOK_AGAIN_MS : keeper_longer(TICK_MS, TICK_EACH_MS, turn->pool->ledger));
}

/* What the keeper does for all. True if it has a slot by that; else *due_ns says when it is to look again. */
static bool keep(struct turn *turn, uint64_t *due_ns)
{
	int holder;
	bool overdue;

	if (keeper_look(&turn->keeper, turn->pool->jobserver, turn->record)) {
		record_held(turn->record, SLOT_OVERDRAFT);
		turn->slot.kind = SLOT_OVERDRAFT;
		return true;
	}
	holder = turn->job->pays ? HOLDER_NONE : implicit_watch(&turn->pool->locks, turn->run, turn->job->key, turn->job->claim);
	*due_ns = keeper_due_ns(&turn->keeper);
	if ((holder == HOLDER_UNSEEN || holder == HOLDER_GONE) && *due_ns > ms_from_now(UNSEEN_HOLDER_MS))
		*due_ns = ms_from_now(UNSEEN_HOLDER_MS);
	turn->end = holder >= 0 ? holder : -1;
	turn->free_looks = holder == HOLDER_GONE ? turn->free_looks + 1 : 0;
	/* It is the first one's, unless that one can't be woken, or does not come. */
	overdue = holder == HOLDER_GONE && (queue_is_first(&turn->queue) || !queue_wake_first(&turn->queue) ||
	                                    turn->free_looks * UNSEEN_HOLDER_MS >= LOOK_AGAIN_MS);
	return overdue && try_implicit(turn);
}

/* True if it has a slot, or there can be none. */
static bool look(struct turn *turn, bool overdue, struct waiting *waiting)
{
	uint64_t due_ns;

	/* A token first: the FIFO woke this run alone for it. */
	if (try_token(turn) != TOKEN_NONE_FREE)
		return true;
	due_ns = next_tick_ns(turn);
	if ((overdue || queue_is_first(&turn->queue)) && try_implicit(turn))
		return true;
	if (queue_keep(&turn->queue) && keep(turn, &due_ns))
		return true;
	*waiting = (struct waiting){
		.token = true,
		.call = turn->queue.socket,
		.end = turn->end,
		.due_ns = due_ns,
	};
	return false;
}

static void close_end(struct turn *turn)
{
	if (turn->end >= 0)
		close(turn->end);
	turn->end = -1;
}

bool turn_step(struct turn *turn, bool timed_out, struct waiting *waiting)
{
	close_end(turn);
	if (!turn->queues) {
		/* Whoever finds a queue joins it. */
		if (queue_is_empty(turn->pool, turn->run, turn->job->key) &&
		    (try_implicit(turn) || try_token(turn) != TOKEN_NONE_FREE))
			return true;
		queue_join(&turn->queue, turn->pool, turn->run, turn->job->key);
		turn->queues = true;
		timed_out = false;
	}
	/* One that timed out without a wake-up tries out of turn: the keeper, or the first one, may have been stopped. */
	if (!look(turn, timed_out && !turn->queue.keeps, waiting))
		return false;
	close_end(turn);
	queue_leave(&turn->queue);
	turn->queues = false;
	return true;
}

void turn_end(struct turn *turn)
{
	close_end(turn);
	if (turn->queues)
		queue_leave(&turn->queue);
	turn->queues = false;
	if (turn->queue.socket >= 0)
		close(turn->queue.socket);
	turn->queue.socket = -1;
}
