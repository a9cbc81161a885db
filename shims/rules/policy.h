/* What the rules ask of one run (docs/protocol.md, "Rules"). */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "contract.h"

struct ledger;

enum { PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, PRESSURES };

struct policy {
	unsigned tokens;            /* job slots that the run takes */
	uint32_t memory;            /* KiB that must be free, and are promised to it; 0: any */
	bool learns;                /* memory is what such runs were seen to need */
	uint32_t limit;             /* at most so many runs of one rule at once; 0: any number */
	uint32_t limit_rule;        /* which one */
	double load;                /* it starts at no higher load average; 0: at any */
	double pressure[PRESSURES]; /* nor above these, in percent; 0: at any */
	const char *engine;         /* the program that runs the tool; empty: none */
};

/* Whose rules are read. */
struct policy_run {
	const char *tool;
	const char *family;
	enum run_kind kind;
};

/* Asks for nothing but one slot. */
void policy_none(struct policy *policy);

/* Adds what the rules in text, which is cut up, ask of the run. Unknown keys are for later versions. */
void policy_parse(struct policy *policy, const struct policy_run *run, char *text);

/* Adds what the file of JOBSHIM_RULES asks, else, where installed is set, that of the shim dir. */
void policy_read(struct policy *policy, const struct policy_run *run, const char *shim_dir, bool installed);

/* MAKEFLAGS' -l wins over a rule's load: make tells it to what it starts. */
void policy_heed_make(struct policy *policy);

/* How many slots the pool has, by the ledger or by MAKEFLAGS' -j; -1 where neither tells. */
int policy_pool_slots(const struct ledger *ledger);

/* How many slots the run takes: never more than the pool has, where that is known. */
unsigned policy_slots(const struct policy *policy, const struct ledger *ledger);

/* Whether there is anything to wait for but one slot, or to be learned of the run. */
bool policy_has_gates(const struct policy *policy);

#endif
