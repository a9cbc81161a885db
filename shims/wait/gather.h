/* Several slots for one run, all or nothing. One run gathers at a time (GATE_TOKENS), so that two never have half each. */
#ifndef GATHER_H
#define GATHER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "contract.h"
#include "ledger/record.h"

struct jobserver;
struct job;
struct slot;

/* What a run has besides its first slot. */
struct gathering {
	unsigned tokens;
	struct record records[LEDGER_TOKENS_MAX]; /* one a token */
	unsigned char bytes[LEDGER_TOKENS_MAX];
	unsigned claimed; /* of the records */
	unsigned borrowed;
	uint64_t keys[LEDGER_TOKENS_MAX + 1]; /* implicit slots: of our job, and of jobs whose run waits for a gate */
};

enum gathered {
	GATHERED, /* all, or all that there are: ninja keeps the slot that it was started in for what it starts next */
	IN_VAIN, /* patience (seconds) ran out: those who have the other slots wait for us */
	UNNOTED, /* the ledger has no record for a further token, or nobody is there to give one */
};

/* Gathers until the run has wanted slots, together with the one in slot, and waits for what is missing with the mask waiting.
 * It keeps what it has: whoever runs ends. Unless it has them all, what was gathered is given back, and the run has its one
 * slot. */
enum gathered gather_take(struct gathering *gathering, unsigned wanted, const struct jobserver *jobserver, const struct job *job,
                 struct record *first, const struct slot *slot, const sigset_t *waiting, double patience);

void gather_give_back(struct gathering *gathering, const struct jobserver *jobserver);

#endif
