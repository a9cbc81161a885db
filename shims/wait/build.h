/* The build that a run is a part of: what one terminal, or one topmost client of the pool has started. Builds share tokens by turns (rota.h);
 * nothing else depends on them. */
#ifndef BUILD_H
#define BUILD_H

#include <stdint.h>

struct job;
struct jobserver;
struct ledger;
struct subject;

/* Names the build of a run whose job is known: by JOBSHIM_JOB, else by the topmost client on its chain of ancestors, as far as that can be
 * seen, else by its session. */
uint64_t build_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger);

#endif
