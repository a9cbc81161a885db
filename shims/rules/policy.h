/* What the rules say about one run (docs/protocol.md, "Rules"). */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "contract.h"
#include "wait/priority.h"

struct ledger;
struct subject;

enum { PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, PRESSURES };

struct policy {
	unsigned tokens;            /* job slots that the run takes */
	int make_jobs;              /* the -j of MAKEFLAGS, if it takes more than one; -1: none */
	uint32_t memory;            /* KiB that must be free, and are promised to it; 0: any */
	bool learns;                /* memory is what such runs needed so far */
	uint32_t limit;             /* at most so many runs of one rule at once; 0: any number */
	uint32_t limit_rule;        /* the rule that limits it */
	double load;                /* it starts only below this load average; 0: at any */
	double pressure[PRESSURES]; /* and below these, in percent; 0: at any */
	bool is_low;                /* it leaves tokens to others that wait */
	const char *engine;         /* the program in front of the tool; empty: none */
};

/* The run whose rules are read. */
struct policy_run {
	const char *tool;
	const char *family;
	enum run_kind kind;
	const char *path; /* of its program; NULL: rules for programs don't hold */
	const struct subject *subject; /* whose environment names the package, and what make says */
};

/* The policy without rules: one slot, no gates. */
void policy_none(struct policy *policy);

/* Adds what the rules in text say about the run; text is cut up. Unknown keys are for later versions. */
void policy_parse(struct policy *policy, const struct policy_run *run, char *text);

/* Adds the rules in the file of JOBSHIM_RULES, else, if installed is set, those of the shim dir. */
void policy_read(struct policy *policy, const struct policy_run *run, const char *shim_dir, bool installed);

/* Calls visit for the pattern of each rule that is for a program. The patterns stay. */
void policy_each_program(const char *shim_dir, void (*visit)(const char *pattern));

/* The text of the file that policy_read() reads; empty if there is none. To be used at once (arena.h). */
const char *policy_text(const char *shim_dir, bool installed);

/* The run's priority: as its environment says, else by the rules. To be called after policy_read(). */
struct priority policy_priority(const struct policy *policy, const struct policy_run *run, const char *shim_dir, bool installed);

/* Takes the load from the -l in the subject's MAKEFLAGS, if there is one: it wins over a rule's. */
void policy_heed_make(struct policy *policy, const struct subject *subject);

/* How many slots the pool has, by the ledger or by the -j in MAKEFLAGS of a run that takes several; -1 if neither tells. */
int policy_pool_slots(const struct policy *policy, const struct ledger *ledger);

/* How many slots the run takes: never more than the pool has, if that is known. */
unsigned policy_slots(const struct policy *policy, const struct ledger *ledger);

/* Whether the run waits for more than one slot, or its costs are learned. */
bool policy_has_gates(const struct policy *policy);

#endif
