/* Several slots for one run, all or nothing. One run gathers at a time (GATE_TOKENS), so that two never have half each. */
#ifndef GATHER_H
#define GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "contract.h"
#include "ledger/record.h"
#include "wait/keeper.h"

struct job;
struct pool;
struct turn;
struct waiting;

/* What a run has besides its first slot. */
struct gathering {
	struct pool *pool;
	struct record *first;
	const struct job *job;
	struct turn *turn; /* in which it waits for its job's own slot beside the first one, a token; NULL: it does not */
	unsigned further; /* slots that it wants */
	unsigned tokens;
	struct record records[LEDGER_TOKENS_MAX]; /* one for each token */
	unsigned char bytes[LEDGER_TOKENS_MAX];
	unsigned claimed; /* of the records */
	unsigned borrowed;
	uint64_t keys[LEDGER_TOKENS_MAX + 1]; /* implicit slots: of its job, and of jobs whose run waits for a gate */
	unsigned idle_looks; /* looks in a row that found all others idle */
	struct keeper keeper;
};

enum gathered {
	GATHERS,
	GATHERED, /* it has all, or all that there are: ninja keeps the slot that it was started in for its next child */
	IN_VAIN,  /* patience ran out: those that have the other slots wait for this run */
	UNNOTED,  /* the ledger has no record for a further token, or nobody is there to give one */
};

/* Begins to gather, for a run that got its first slot in that turn, until it has wanted slots. The turn must stay valid until it has all; it
 * is ended then. patience: seconds, 0: for ever. */
void gather_begin(struct gathering *gathering, struct turn *turn, unsigned wanted, double patience);

/* Takes the slots that are free, and keeps them. GATHERS: it waits. If it gathers in vain, it gives back all but the run's first slot. */
enum gathered gather_step(struct gathering *gathering, struct waiting *waiting);

void gather_give_back(struct gathering *gathering);

/* Gives up its records, in a process that lives on. */
void gather_end(struct gathering *gathering);

#endif
