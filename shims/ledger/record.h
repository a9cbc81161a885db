/* The record of a run, in the ledger, or in our own memory if the ledger has none for it. Each state is stored before the step that it
 * announces. */
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
	unsigned index; /* in the ledger; LEDGER_RECORD_COUNT: it is not in the ledger */
};

/* Whose record it is to be. */
struct record_of {
	pid_t pid;
	uint64_t job;     /* its key */
	const char *tool;
	bool is_tools; /* pid is that of the tool itself, for which another process has the record */
};

/* Takes a free record for a run and marks it as waiting. */
void record_claim(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of);

/* Takes a record for a further token of the run that has first. False if none is free. */
bool record_claim_further(struct record *record, const struct record *first, const struct jobserver *jobserver);

/* Takes a record for a run that may become its tool at once, and writes nothing yet. False if none is free. */
bool record_prepare(struct record *record, struct ledger *ledger, const struct jobserver *jobserver, const struct record_of *of);

/* Writes a prepared record for the tool that our process is about to become, in its caller's slot. It has no lock: whether its owner lives
 * is told by the pid, in its PID namespace. False if it can't be stored. */
bool record_become(struct record *record);

/* Gives a prepared record back, unwritten. */
void record_abandon(struct record *record);

/* Whether it is in the ledger, for others to read. */
bool record_is_noted(const struct record *record);

/* It waits for a slot of another job than it was claimed for. */
void record_is_of(struct record *record, uint64_t job);

/* The run's states. */
void record_waiting(struct record *record);
void record_acquiring(struct record *record);
void record_held(struct record *record, enum slot_kind kind);
void record_releasing(struct record *record);
void record_free(struct record *record);

/* The run waits for a gate and holds nothing; it takes so many slots, more than one, and gathers them, or has all. */
void record_gated(struct record *record, int gate);
void record_gathers(struct record *record, unsigned slots, bool gathers);

/* Makes it a contender: promise is its memory in KiB, limit_rule the rule that limits such runs. */
void record_contend(struct record *record, uint32_t promise, uint32_t limit_rule);

/* Where the kernel stores a token's byte: in the record itself, so that no kill can come between. */
unsigned char *record_token(struct record *record);

/* Count the start of a run in its own slot, and its end. */
void record_count_run(struct record *record, const struct jobserver *jobserver, enum record_count as, uint64_t waited_ns);
void record_count_end(struct record *record);

#endif
