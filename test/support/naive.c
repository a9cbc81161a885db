/* Makes a launcher naive: it takes a token although its caller holds the slot, and although its job's own is free; and is patient for ever. */
#include <stdbool.h>
#include <stdint.h>

#include "pool/implicit.h"
#include "wait/job.h"
#include "wait/patience.h"

struct job __real_job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                           bool builds);

struct job __wrap_job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                           bool builds)
{
	struct job job = __real_job_find(subject, jobserver, ledger, builds);

	job.ours = false;
	return job;
}

bool __wrap_implicit_take_any(struct locks *locks, const void *run, uint64_t key, unsigned claim, bool *claimed)
{
	(void)locks, (void)run, (void)key, (void)claim, (void)claimed;
	return false;
}

int __wrap_implicit_watch(const struct locks *locks, const void *run, uint64_t key, unsigned claim)
{
	(void)locks, (void)run, (void)key, (void)claim;
	return HOLDER_UNWATCHED;
}

bool __wrap_patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct record *record)
{
	(void)jobserver, (void)record;
	patience->due_ns = UINT64_MAX;
	return false;
}
