#include "wait/gather.h"

#include "ledger/contenders.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "pool/implicit.h"
#include "pool/jobserver.h"
#include "wait/alone.h"
#include "wait/job.h"
#include "wait/keeper.h"
#include "wait/queue.h"
#include "wait/sleeper.h"
#include "wait/slot.h"
#include "wait/token.h"

enum {
	LOOK_MS = 100,  /* for implicit slots: a token wakes us */
	ALONE_LOOKS = 6, /* one after the other that find nobody else at work: a client may be between two children */
};

struct gatherer {
	struct gathering *gathering;
	unsigned further; /* slots besides the first one */
	const struct jobserver *jobserver;
	const struct job *job;
	struct record *first;
};

static bool has_all(const struct gatherer *gatherer)
{
	return gatherer->gathering->tokens + gatherer->gathering->borrowed >= gatherer->further;
}

static enum token_outcome add_token(struct gatherer *gatherer)
{
	enum token_outcome outcome;
	struct gathering *gathering = gatherer->gathering;
	unsigned number = gathering->tokens;
	struct record *record = &gathering->records[number];

	if (number == gathering->claimed) {
		if (!record_claim_further(record, gatherer->first, gatherer->jobserver))
			return TOKEN_UNREADABLE;
		gathering->claimed++;
	}
	outcome = token_take(gatherer->jobserver, record, &gathering->bytes[number]);
	if (outcome == TOKEN_TAKEN)
		gathering->tokens++;
	else
		record_free(record);
	return outcome;
}

/* A job has one implicit slot, however many of its runs are at a gate. */
static bool add_implicit(struct gatherer *gatherer, uint64_t key)
{
	struct gathering *gathering = gatherer->gathering;

	for (unsigned i = 0; i < gathering->borrowed; i++)
		if (gathering->keys[i] == key)
			return false;
	if (!implicit_take(gatherer->jobserver, key))
		return false;
	gathering->keys[gathering->borrowed++] = key;
	return true;
}

/* Who waits for a gate runs nothing in its job's slot: make has paid for that one, and can't give it to us. */
static bool borrow(const struct contender *contender, void *state)
{
	struct gatherer *gatherer = state;

	if (contender->is_gated && contender->record.job != gatherer->job->key)
		add_implicit(gatherer, contender->record.job);
	return has_all(gatherer);
}

static void add_implicits(struct gatherer *gatherer, const struct slot *slot)
{
	if (slot->kind == SLOT_TOKEN && !gatherer->job->pays && queue_is_empty(gatherer->jobserver, gatherer->job))
		add_implicit(gatherer, gatherer->job->key);
	if (has_all(gatherer) || gatherer->first->ledger->fd < 0 || !contenders_lock(gatherer->first->ledger))
		return;
	contenders_each(gatherer->first, borrow, gatherer);
	contenders_unlock(gatherer->first->ledger);
}

/* Whether nobody is left who could give us more. */
static bool has_all_there_are(const struct gatherer *gatherer)
{
	struct gathering *gathering = gatherer->gathering;

	gathering->keys[gathering->borrowed] = gatherer->job->key; /* after those that count */
	return is_alone(gatherer->jobserver, gatherer->first->ledger, gathering->keys, gathering->borrowed + 1);
}

enum gathered gather_take(struct gathering *gathering, unsigned wanted, const struct jobserver *jobserver, const struct job *job,
                 struct record *first, const struct slot *slot, const sigset_t *waiting, double patience)
{
	struct gatherer gatherer = {
		.gathering = gathering, .further = wanted - 1, .jobserver = jobserver, .job = job, .first = first
	};
	struct keeper keeper = keeper_make(patience);
	struct sleeper sleeper;
	enum gathered gathered = GATHERED;
	unsigned alone = 0;

	sleeper = slot->place.epoll >= 0 ? slot->place : sleeper_make(jobserver->read_fd, -1, waiting);
	while (gathered == GATHERED && !has_all(&gatherer)) {
		enum token_outcome outcome = add_token(&gatherer);

		if (outcome == TOKEN_TAKEN) {
			alone = 0;
			continue;
		}
		add_implicits(&gatherer, slot);
		if (has_all(&gatherer))
			break;
		if (outcome == TOKEN_UNREADABLE)
			gathered = UNNOTED;
		else if (keeper_look(&keeper, jobserver, first))
			gathered = IN_VAIN;
		else if ((alone = has_all_there_are(&gatherer) ? alone + 1 : 0) == ALONE_LOOKS)
			break;
		else
			sleeper_sleep(&sleeper, HOLDER_NONE, LOOK_MS);
	}
	sleeper_close(&sleeper);
	if (gathered != GATHERED)
		gather_give_back(gathering, jobserver);
	return gathered;
}

void gather_give_back(struct gathering *gathering, const struct jobserver *jobserver)
{
	for (unsigned i = 0; i < gathering->tokens; i++)
		if (token_give_back(jobserver, &gathering->records[i], gathering->bytes[i]))
			record_free(&gathering->records[i]);
	for (unsigned i = 0; i < gathering->borrowed; i++)
		implicit_give_back(jobserver, gathering->keys[i]);
	gathering->tokens = gathering->borrowed = 0;
}
