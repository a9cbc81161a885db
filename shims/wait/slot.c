#include "wait/slot.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/reclaim.h"
#include "ledger/record.h"
#include "pool/implicit.h"
#include "pool/jobserver.h"
#include "wait/job.h"
#include "wait/keeper.h"
#include "wait/queue.h"
#include "wait/sleeper.h"
#include "wait/token.h"
#include "ground/clock.h"

enum {
	UNSEEN_HOLDER_MS = 10, /* the keeper, where the implicit slot's holder can't be watched */
	TICK_MS = 750,         /* the others: the keeper may have been stopped or killed */
	TICK_EACH_MS = 50,     /* longer by that for each launcher */
};

static enum token_outcome try_token(const struct jobserver *jobserver, struct record *record, struct slot *slot)
{
	enum token_outcome outcome = token_take(jobserver, record, &slot->token);

	if (outcome == TOKEN_TAKEN)
		slot->kind = SLOT_TOKEN;
	else
		record_waiting(record);
	return outcome;
}

static bool try_implicit(const struct jobserver *jobserver, const struct job *job, struct record *record, struct slot *slot)
{
#ifdef JOBSHIM_NAIVE
	return false;
#endif
	if (job->pays || !implicit_take_any(jobserver, job->key, job->claim, &slot->claimed))
		return false;
	record_held(record, SLOT_IMPLICIT);
	slot->kind = SLOT_IMPLICIT;
	return true;
}

static int tick_ms(const struct queue *queue, const struct record *record)
{
	return queue->socket < 0 ? LOOK_AGAIN_MS : keeper_longer(TICK_MS, TICK_EACH_MS, record->ledger);
}

static void wait_for_slot(const struct jobserver *jobserver, const struct job *job, struct record *record,
                          struct slot *slot, const sigset_t *mask, struct keeper *keeper)
{
	struct queue queue;
	struct sleeper sleeper;
	bool overdue = false;
	int free_looks = 0;

	queue_join(&queue, jobserver, job);
	sleeper = sleeper_make(jobserver->read_fd, queue.socket, mask);
	/* A token first: the FIFO woke us alone for it. */
	while (try_token(jobserver, record, slot) == TOKEN_NONE_FREE) {
		int holder = HOLDER_NONE, timeout_ms = tick_ms(&queue, record);

		if ((overdue || queue_is_first(&queue)) && try_implicit(jobserver, job, record, slot))
			break;
		if (queue_keep(&queue)) {
			if (keeper_look(keeper, jobserver, record)) {
				record_held(record, SLOT_OVERDRAFT);
				slot->kind = SLOT_OVERDRAFT;
				break;
			}
			holder = job->pays ? HOLDER_NONE : implicit_watch(jobserver, job->key, job->claim);
			timeout_ms = keeper_due_ms(keeper);
			if ((holder == HOLDER_UNSEEN || holder == HOLDER_GONE) && timeout_ms > UNSEEN_HOLDER_MS)
				timeout_ms = UNSEEN_HOLDER_MS;
			free_looks = holder == HOLDER_GONE ? free_looks + 1 : 0;
			/* It is the first one's, unless that one can't be woken, or does not come. */
			overdue = holder == HOLDER_GONE && (queue_is_first(&queue) || !queue_wake_first(&queue) ||
			                                    free_looks * UNSEEN_HOLDER_MS >= LOOK_AGAIN_MS);
			if (overdue && try_implicit(jobserver, job, record, slot))
				break;
		}
		/* Who had to look by itself takes what there is: the keeper, or the first one, may have been stopped. */
		overdue = sleeper_sleep(&sleeper, holder, timeout_ms) && !queue.keeps;
		if (holder >= 0)
			close(holder);
	}
	queue_leave(&queue);
	slot->place = sleeper;
}

struct slot slot_take(const struct jobserver *jobserver, const struct job *job, struct record *record,
                      const sigset_t *waiting, double patience, bool keep_place)
{
	struct slot slot = { .kind = SLOT_NONE, .place = { .epoll = -1 } };
	struct keeper keeper = keeper_make(patience);

	/* Whoever finds a queue joins it. */
	if (!queue_is_empty(jobserver, job) ||
	    (!try_implicit(jobserver, job, record, &slot) && try_token(jobserver, record, &slot) == TOKEN_NONE_FREE))
		wait_for_slot(jobserver, job, record, &slot, waiting, &keeper);
	if (!keep_place)
		sleeper_close(&slot.place);
	slot.waited_ns = monotonic_ns() - keeper.patience.arrived_ns;
	return slot;
}

void slot_give_back(const struct slot *slot, const struct jobserver *jobserver, struct record *record)
{
	record_count_end(record); /* first, so that whoever gets the token is not counted beside us */
	if (slot->kind == SLOT_TOKEN && !token_give_back(jobserver, record, slot->token))
		return;
	record_free(record);
	ledger_reclaim_now_and_then(record->ledger, jobserver);
}
