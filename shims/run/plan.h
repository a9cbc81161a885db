/* What a launcher does with its tool: decided from facts, without any effect (govern.c acts). */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>

struct job;
struct run;

/* All that counts. job is NULL until it is known whose slot the run has: that takes longest to find out, and some never need it. */
struct facts {
	const struct run *run;
	bool has_jobserver;
	bool joins_machine; /* there is none but the machine's pool, which it has joined */
	bool is_hidden;  /* one was named, and is likely to be hidden from this process; */
	bool is_unpaid;  /* nobody between it and this process has paid for the run */
	bool needs_slot; /* of a program with an adapter: it is a client, or does one thing after the other */
	const struct job *job;
	const char *journal; /* its path; NULL: none is written */
};

enum action {
	FIND_JOB,     /* nothing can be decided before the job is known */
	BECOME,       /* exec the tool in our place; no extra process */
	BECOME_GATED, /* the same if its gates are open; else hold */
	HOLD,         /* take slots, run the tool as our child, give them back */
	HOLD_HIDDEN,  /* the same in the one slot that all share from which the pool is hidden; if that is not had soon, become */
	REFUSE,       /* the policy wants a jobserver, and there is none */
};

struct plan {
	enum action action;
	const char *reason; /* for those who read the table, and tests */
};

/* Returns what the first row of the table says that applies. */
struct plan plan_run(const struct facts *facts);

#endif
