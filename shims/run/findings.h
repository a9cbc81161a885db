/* What is found out about a run, step by step, before it is decided what becomes of it (plan.h). */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stdbool.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "proc/subject.h"
#include "run/plan.h"
#include "wait/job.h"

enum { FINDINGS_LOCKS_MAX = 2 * LEDGER_TOKENS_MAX }; /* of one run: its slots, its place in the queue, what it pays for */

/* Not to be copied: it points into itself. */
struct findings {
	struct run *run;
	struct facts facts;
	const char *why; /* there is no jobserver: the reason, for people */
	struct subject subject;
	struct jobserver jobserver;
	struct ledger ledger;
	struct lock locks[FINDINGS_LOCKS_MAX];
	struct pool pool;
	struct job job;
	double patience;
};

void findings_begin(struct findings *findings, struct run *run);

/* Opens the jobserver. */
void findings_jobserver(struct findings *findings);

/* There is no jobserver: finds out whether one is hidden. */
void findings_hidden(struct findings *findings);

/* Reads the rules, and finds what the tool is started by, and with. */
void findings_equip(struct findings *findings);

void findings_ledger(struct findings *findings, enum ledger_use use);

/* Finds whose slot the run has. */
void findings_job(struct findings *findings);

/* Finds what that means for its rules, and for the plan. */
void findings_rules(struct findings *findings);

#endif
