#include "wait/turn.h"

#include <unistd.h>

#include "contract.h"
#include "ledger/record.h"
#include "pool/implicit.h"
#include "pool/pool.h"
#include "wait/job.h"
#include "wait/keeper.h"
#include "wait/mending.h"
#include "wait/priority.h"
#include "wait/queue.h"
#include "wait/token.h"
#include "wait/waiting.h"
#include "ground/clock.h"

enum {
	UNWATCHED_HOLDER_MS = 10, /* poll interval of a keeper that can't watch the implicit slot's holder */
	TICK_MS = 750,         /* of other waiters: the keeper may have been stopped or killed */
	TICK_EACH_MS = 50,     /* added for each launcher */
	FIRST_TICK_MS = 50,    /* of the first waiter that nobody has woken for so long: the keeper may be in another network namespace, */
	UNREACHED_MS = 100,    /* and leaves it the free implicit slot for so long */
	LEFT_FREE_MS = 190,    /* the slot is taken out of turn then, before a keeper that came later does so (LOOK_AGAIN_MS) */
	LOW_AGAIN_MS = 1000,   /* so long a keeper of low priority leaves a free implicit slot to a waiter that is not */
};

static const uint64_t MS = 1000000; /* in nanoseconds */
static const uint64_t LOW_NS = LEDGER_LOW_WAIT * 1000000000ULL;

void turn_begin(struct turn *turn, struct pool *pool, struct record *record, const struct subject *subject, const struct job *job,
                double patience)
{
	*turn = (struct turn){ .pool = pool, .run = record, .record = record, .subject = subject, .job = job, .end = -1 };
	turn->keeper = keeper_make(patience);
	turn->queue.socket = -1;
}

void turn_has_priority(struct turn *turn, const struct priority *priority)
{
	turn->low = priority->is_low ? priority : NULL;
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

static uint64_t next_tick_ns(const struct turn *turn, bool overdue)
{
	if (overdue && queue_is_first(&turn->queue))
		return ms_from_now(FIRST_TICK_MS);
	return ms_from_now(turn->queue.socket < 0 ? LOOK_AGAIN_MS : keeper_longer(TICK_MS, TICK_EACH_MS, turn->pool->ledger));
}

/* For so long a keeper that is not the first waiter leaves the free implicit slot to that one. It may be stopped, or not be woken. */
static int left_to_first_ms(const struct turn *turn)
{
	const int ms = queue_wake_first(&turn->queue) ? LOOK_AGAIN_MS : UNREACHED_MS;

	return turn->low == NULL ? ms : LOW_AGAIN_MS;
}

/* The keeper's checks. True if the run got a slot; else *due_ns says when the next check is due. */
static bool keep(struct turn *turn, uint64_t *due_ns)
{
	uint64_t mending_ns;
	int holder;
	bool overdue;

	if (keeper_look(&turn->keeper, turn->pool->jobserver, turn->record)) {
		if (turn->low != NULL) { /* there may be tokens that it has left to others */
			turn->is_out_of_patience = true;
			*due_ns = 0;
			return false;
		}
		record_held(turn->record, SLOT_OVERDRAFT);
		turn->slot.kind = SLOT_OVERDRAFT;
		return true;
	}
	mending_ns = mending_step(turn->pool);
	holder = turn->job->pays ? HOLDER_NONE : implicit_watch(&turn->pool->locks, turn->run, turn->job->key, turn->job->claim);
	*due_ns = keeper_due_ns(&turn->keeper);
	if (mending_ns < *due_ns)
		*due_ns = mending_ns;
	if ((holder == HOLDER_UNWATCHED || holder == HOLDER_GONE) && *due_ns > ms_from_now(UNWATCHED_HOLDER_MS))
		*due_ns = ms_from_now(UNWATCHED_HOLDER_MS);
	turn->end = holder >= 0 ? holder : -1;
	turn->free_looks = holder == HOLDER_GONE ? turn->free_looks + 1 : 0;
	overdue = holder == HOLDER_GONE &&
	          (queue_is_first(&turn->queue) || turn->free_looks * UNWATCHED_HOLDER_MS >= left_to_first_ms(turn));
	return overdue && try_implicit(turn);
}

/* The same for one of low priority. If others have the tokens that are free, it is its keeper that looks for more. */
static bool try_token_of_low(struct turn *turn, uint64_t *passed_ns)
{
	enum token_outcome outcome;

	if (!priority_begin(turn->pool, turn->run, turn->low, turn->queue.keeps, passed_ns))
		return false;
	outcome = try_token(turn);
	priority_end(turn->pool, turn->run);
	return outcome != TOKEN_NONE_FREE;
}

/* False if there is no token for it now; *passed_ns: when it looks again whether others have used what it has left to them, else
 * UINT64_MAX. */
static bool try_token_in_turn(struct turn *turn, uint64_t *passed_ns)
{
	if (!rota_is_ours(&turn->rota, passed_ns)) {
		priority_none(turn->pool);
		return false;
	}
	if (turn->low != NULL ? !try_token_of_low(turn, passed_ns) : try_token(turn) == TOKEN_NONE_FREE)
		return false;
	rota_took(&turn->rota);
	return true;
}

/* When one of low priority counts as any other. */
static uint64_t low_until(const struct turn *turn)
{
	return turn->low == NULL ? UINT64_MAX : turn->keeper.patience.arrived_ns + LOW_NS;
}

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* The first waiter of the job may have been stopped. */
static bool may_go_out_of_turn(const struct turn *turn)
{
	return turn->low == NULL || queue_is_empty(turn->pool, turn->run, turn->job->key);
}

/* True if it has a slot, or can get none. */
static bool look(struct turn *turn, bool overdue, struct waiting *waiting)
{
	uint64_t due_ns, passed_ns;

	/* Its job's own slot is paid for: it takes that from nobody. */
	if (turn->low != NULL && queue_is_first(&turn->queue) && try_implicit(turn))
		return true;
	/* Try the token first: the FIFO woke only this run for it. */
	if (try_token_in_turn(turn, &passed_ns))
		return true;
	due_ns = next_tick_ns(turn, overdue);
	if (overdue)
		(void)mending_step(turn->pool);
	if ((queue_is_first(&turn->queue) || (overdue && may_go_out_of_turn(turn))) && try_implicit(turn))
		return true;
	if (queue_keep(&turn->queue) && keep(turn, &due_ns))
		return true;
	*waiting = (struct waiting){
		.token = passed_ns == UINT64_MAX, /* the token that is free is another's */
		.call = turn->queue.socket,
		.end = turn->end,
		.due_ns = sooner(sooner(passed_ns, due_ns), low_until(turn)),
	};
	return false;
}

static void close_end(struct turn *turn)
{
	if (turn->end >= 0)
		close(turn->end);
	turn->end = -1;
}

bool turn_at_once(struct turn *turn)
{
	return queue_is_empty(turn->pool, turn->run, turn->job->key) &&
	       (try_implicit(turn) || (rota_is_empty(turn->pool, turn->run) && try_token(turn) != TOKEN_NONE_FREE));
}

static void join(struct turn *turn)
{
	queue_join(&turn->queue, turn->pool, turn->run, turn->job->key, turn->low != NULL);
	rota_enter(&turn->rota, &turn->queue, turn->record, turn->subject, turn->job, turn->low);
	turn->queues = true;
}

static void leave(struct turn *turn)
{
	rota_leave(&turn->rota);
	queue_leave(&turn->queue);
	turn->queues = false;
}

/* It has left tokens to others for long enough: it waits as they do. */
static void be_normal(struct turn *turn)
{
	const int socket = turn->queue.socket;
	const bool queued = turn->queues;

	if (queued)
		leave(turn);
	turn->low = NULL;
	if (queued)
		join(turn);
	if (queued && socket >= 0) /* only now: a sleeper tells the next one by its number */
		close(socket);
}

bool turn_step(struct turn *turn, bool timed_out, struct waiting *waiting)
{
	close_end(turn);
	if (turn->low != NULL && (turn->is_out_of_patience || monotonic_ns() >= low_until(turn)))
		be_normal(turn);
	if (!turn->queues) {
		/* If others wait, join the queue. */
		if (turn->low == NULL && turn_at_once(turn))
			return true;
		join(turn);
		timed_out = false;
	}
	/* Timed out without a wake-up: try out of turn. The keeper, or the first waiter, may have been stopped. */
	if (!look(turn, timed_out && !turn->queue.keeps, waiting))
		return false;
	close_end(turn);
	return true;
}

/* Whether the implicit slot has been free for a while: the first waiter may have been stopped. */
static bool is_left_free(struct turn *turn)
{
	if (implicit_is_taken(&turn->pool->locks, turn->run, turn->job->key))
		turn->free_ns = 0;
	else if (turn->free_ns == 0)
		turn->free_ns = monotonic_ns();
	return turn->free_ns != 0 && monotonic_ns() - turn->free_ns >= LEFT_FREE_MS * MS;
}

bool turn_goes_on(struct turn *turn)
{
	rota_leave(&turn->rota);
	if (!turn->queues)
		queue_join(&turn->queue, turn->pool, turn->run, turn->job->key, turn->low != NULL);
	turn->queues = true;
	if (queue_is_first(&turn->queue) || is_left_free(turn))
		return true;
	queue_let_keep(&turn->queue);
	return false;
}

void turn_end(struct turn *turn)
{
	close_end(turn);
	if (turn->queues)
		leave(turn);
	if (turn->queue.socket >= 0)
		close(turn->queue.socket);
	turn->queue.socket = -1;
}
