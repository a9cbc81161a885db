/* The record of a run: what it has noted of itself in the ledger, or in memory of its own if there is none to be had. Each state is
 * stored before the step that it announces. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

struct jobserver;
struct ledger;

/* Not to be copied: at may point into it. */
struct record {
	struct ledger *ledger;
	volatile struct ledger_record *at; /* mapped, or &own */
	struct ledger_record own;
	unsigned index; /* in the ledger; LEDGER_RECORD_COUNT: it is not there */
};

/* Whose record it is to be. */
struct record_of {
	pid_t pid;
	uint64_t job;     /* its key */
	const char *tool;
};

/* Takes a free record for a run and marks it as waiting. */
void record_claim(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of);

/* Takes one for a further token of the run that has first. False if none is to be had. */
bool record_claim_further(struct record *record, const struct record *first, const struct jobserver *jobserver);

/* Takes one for a run that may become its tool at once, and writes nothing yet. False if none is to be had. */
bool record_prepare(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of);

/* Writes a prepared record: of the tool that our process is about to become, in its caller's slot, without a lock. Whether it
 * lives its pid tells, in its PID namespace. False if it can't be stored. */
bool record_become(struct record *record);

/* Gives a prepared record back, unwritten. */
void record_abandon(struct record *record);

/* Whether others can see it. */
bool record_is_noted(const struct record *record);

/* The run's states. */
void record_waiting(struct record *record);
void record_acquiring(struct record *record);
void record_held(struct record *record, enum slot_kind kind);
void record_releasing(struct record *record);
void record_free(struct record *record);

/* It waits for a gate and holds nothing; it takes so many slots, if that is more than one, and gathers them, or has them all. */
void record_gated(struct record *record, int gate);
void record_gathers(struct record *record, unsigned slots, bool gathers);

/* What the rules ask of it: memory in KiB, and the rule that limits such runs. */
void record_asks(struct record *record, uint32_t promise, uint32_t limit_rule);

/* Where the kernel is to store a token's byte: in the record itself, so that no kill can come between. */
unsigned char *record_token(struct record *record);

/* Counts that the run starts in its own slot, after waiting, and its end. */
void record_count_run(struct record *record, const struct jobserver *jobserver, uint64_t waited_ns);
void record_count_end(struct record *record);

#endif
