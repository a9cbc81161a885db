#include "owed.h"

#include <stdbool.h>

#include "implicit.h"
#include "job.h"
#include "process.h"

void owed_find(struct job *job, const struct jobserver *jobserver, const struct ledger *ledger)
{
	struct process client;
	struct job callers;

	if (!job->owed || !process_read(job->caller, &client))
		return;
	job_of(&client, jobserver, ledger, job->above, &callers);
	/* The lock tells the client's other children that somebody pays. It goes with us. */
	if (callers.ours || !implicit_take(jobserver, job_key_of(&client, "owed")))
		return;
	callers.caller = job->caller;
	callers.caller_start = job->caller_start;
	*job = callers;
}
