/* The build that a run is a part of: what one terminal, or one topmost client of the pool has started. Builds share tokens by turns (rota.h);
 * nothing else depends on them. */
#ifndef BUILD_H
#define BUILD_H

#include <stdint.h>

#include "proc/process.h"

struct job;
struct jobserver;
struct ledger;
struct subject;

enum build_kind {
	BUILD_NAMED,   /* by JOBSHIM_JOB */
	BUILD_CLIENT,  /* what the topmost client on the chain of ancestors has started, as far as that can be seen */
	BUILD_SESSION, /* without either */
};

struct build {
	enum build_kind kind;
	const char *name;      /* JOBSHIM_JOB, of a named one; to be used at once (arena.h) */
	struct process client; /* the topmost one */
	pid_t session;
};

/* Tells the build of a run whose job is known. */
struct build build_find(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

/* Its name as a number. */
uint64_t build_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
