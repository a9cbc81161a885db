/* The job: the child of the nearest client on our chain of ancestors. Everything below it shares one implicit slot. */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/process.h"

struct jobserver;
struct ledger;
struct subject;

struct job {
	bool ours;    /* we are the job: our caller took the slot we run in */
	bool pays;    /* it has no implicit slot: only a token will do */
	bool owed;    /* its client is neither a launcher nor `jobshim run`: somebody has paid for that one's slot, or not */
	bool unsure;  /* one of those above could not be looked at: it may be a client, and is taken for none */
	struct process client; /* its pid is 0: none is above us */
	bool blind;   /* neither our client nor whether anybody works can be seen */
	unsigned claim; /* tokens that its client has for it: so many more of its runs need none */
	bool nested;  /* its client is a launcher: the tool that one runs is above us */
	uint64_t key; /* unless it is ours: names the job's locks and records */
	pid_t caller; /* our parent, and when it started */
	uint64_t caller_start;
	unsigned above; /* launchers above us */
};

/* Finds a process' job by walking /proc upward. Where no client is on the chain it is the root slot: that of the command of
 * `jobshim run` in the same PID namespace. Else, and where the chain can't be followed, it is one for each JOBSHIM_JOB that all
 * such tools share. builds: it starts tools. */
struct job job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger, bool builds);

/* The same of another process, of which pid and parent are known; above: launchers above it. False where no client can be seen: then it
 * is the slot that all such tools share. */
bool job_of(const struct process *process, const struct jobserver *jobserver, const struct ledger *ledger, unsigned above,
            struct job *job);

/* The slot that our caller took, as a job that nobody else is in: while it waits for a gate another run may borrow it. */
struct job job_of_callers(const struct subject *subject, const struct job *found);

/* A job that nobody else is in, and that pays with a token. */
struct job job_that_pays(const struct subject *subject);

/* Launchers above a process, by their count: its own is in it already, unless it starts tools. */
unsigned job_launchers_above(const struct subject *subject, bool builds);

#endif
