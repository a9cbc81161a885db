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
	bool pays;    /* it has no implicit slot, and needs a token */
	bool owed;    /* its client is neither a launcher nor `jobshim run`: perhaps nobody has paid for the client's slot */
	bool unsure;  /* a process above can't be examined: it may be a client, but counts as none */
	struct process client; /* its pid is 0: none is above us */
	bool blind;   /* neither our client nor the work of others can be found in /proc */
	unsigned claim; /* tokens that its client holds for it: so many more of its runs need none */
	bool noted;   /* found by a note of an earlier walk (shells.h): good enough to take a slot, not to wait for one */
	bool nested;  /* its client is a launcher, whose tool is above us */
	uint64_t key; /* names the job's locks and records; unused if `ours` */
	pid_t caller; /* our parent, and when it started */
	uint64_t caller_start;
	unsigned above; /* launchers above us */
};

/* What who decides for many runs remembers of its walks. */
struct job_memory {
	void (*begin)(void); /* nothing was passed yet, or what was is not to be remembered */
	/* Fills what was found by way of that ancestor lately. direct: the run is its child. False: it has to be looked at. */
	bool (*recall)(const struct process *ancestor, bool direct, struct job *job);
	void (*passed)(const struct process *ancestor); /* it is no client */
	void (*found)(const struct job *job);           /* what is above all that were passed in this walk */
};

/* Finds a process' job by walking up /proc. If no client is on the chain, the job is that of the command of `jobshim run` in the same PID
 * namespace. Without one, or if the chain can't be followed, all tools with the same JOBSHIM_JOB share a job. builds: it starts tools. */
struct job job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger, bool builds);

/* The same with a memory in place of the ledger's notes: a job that is found by it is `noted`, too. */
struct job job_recall(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                      const struct job_memory *memory);

/* The same below that tool, the nearest above it that has a slot in a sandbox. */
struct job job_below(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                     const struct process *tool);

/* Looks for the job anew if it was found by a note, on the whole chain. True if it is another one, which *job is then. */
bool job_is_another(struct job *job, const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger);

/* The same for another process, whose pid and parent are known; told: the process below it that asks; above: launchers above it. False if no client is found: then the job is the
 * one that all such tools share. */
bool job_of(const struct process *process, const struct subject *told, const struct jobserver *jobserver,
            const struct ledger *ledger, unsigned above, struct job *job);

/* How many launchers are above a process, by its environment. Its own is counted already, unless it starts tools. */
unsigned job_launchers_above(const struct subject *subject, bool builds);

#endif
