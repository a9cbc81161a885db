#include "sandbox/guests.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include "acquire/owed.h"
#include "ground/text.h"
#include "pool/jobkey.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "rules/policy.h"
#include "sandbox/demand.h"
#include "sandbox/ends.h"
#include "sandbox/lines.h"
#include "sandbox/unwatched.h"
#include "tool/self.h"
#include "wait/job.h"

static bool has_ended(const struct supervised *run)
{
	struct pollfd end = { .fd = run->end, .events = POLLIN };

	return run->end >= 0 ? poll(&end, 1, 0) > 0 : unwatched_has_ended(run);
}

bool guests_are_below(const struct supervised *host)
{
	for (; host != NULL; host = host->host)
		if (has_ended(host))
			return false;
	return true;
}

/* Whether the host has a guest, or has been found to be shared. */
static bool is_taken(struct lines *lines, struct supervised *host)
{
	struct supervised *guest = host->guest;

	if (guest != NULL && has_ended(guest)) {
		lines_part(host);
		if (guest->end < 0)
			lines_remove(lines, guest);
	}
	return host->is_shared || host->guest != NULL;
}

static void become_guest(struct supervised *host, struct supervised *run)
{
	host->guest = run;
	run->host = host;
	run->is_free = true;
}

bool guests_enter(struct lines *lines, struct supervised *host, const struct started *started, const struct subject *subject)
{
	struct supervised *run;

	if (is_taken(lines, host) || lines->used >= SUPERVISED_MAX / 2) /* it would not be remembered */
		return false;
	run = lines_add(lines, started->pid);
	if (run == NULL)
		return false;
	run->started = *started;
	run->subject = *subject;
	run->may_go = true;
	become_guest(host, run);
	unwatched_add(lines, run);
	return true;
}

/* Its number may have become another process's before that. */
static bool watch(struct supervised *run)
{
	struct process again;

	if (run->end >= 0)
		return true;
	if (ends_watch(run) != ENDS_WATCHED)
		return false;
	if (process_read_all(run->started.pid, &again, NULL) && again.start == run->subject.process.start)
		return true;
	ends_forget(run);
	run->end = -1;
	return false;
}

static void find_job(const struct arrival_into *into, const struct supervised *host, struct supervised *run)
{
	run->job = job_below(&run->subject, into->pool->jobserver, into->pool->ledger, &host->subject.process);
	run->is_callers = run->job.ours || run->job.nested;
	policy_none(&run->policy); /* the tool above has passed the gates */
}

/* Children of a client that nobody has paid for are in the host's slot. */
static bool has_clients_slot(const struct arrival_into *into, struct supervised *run)
{
	return run->job.ours && !owed_is_unpaid(into->pool, &run->acquire.record, &run->subject, &run->job);
}

static void take_lock(const struct arrival_into *into, const struct supervised *host, struct supervised *guest)
{
	text_put(guest->tool, sizeof guest->tool, "%s", guest->subject.process.comm);
	find_job(into, host, guest);
	if (has_clients_slot(into, guest))
		return;
	if (guest->job.ours)
		guest->job = (struct job){ .nested = true, .key = job_key_of(&host->subject.process, "") };
	if (!watch(guest) || !demand_at_once(guest, into->pool, into->self))
		return;
	guest->is_free = false;
	demand_count(guest, into->pool);
}

/* Its guest runs already: it takes what is free, and waits for nothing. */
void guests_share(const struct arrival_into *into, struct supervised *host)
{
	struct supervised *guest;

	if (host->is_shared)
		return;
	(void)is_taken(into->lines, host);
	guest = host->guest;
	host->is_shared = true;
	lines_part(host);
	if (guest != NULL)
		take_lock(into, host, guest);
}

bool guests_let_in(const struct arrival_into *into, struct supervised *host, struct supervised *run)
{
	if (!is_taken(into->lines, host)) {
		become_guest(host, run);
		return true;
	}
	find_job(into, host, run);
	free(run->gathering);
	run->gathering = NULL;
	run->is_free = has_clients_slot(into, run);
	if (!run->is_free) {
		demand_below_tool(run, into->self->shim_dir);
		guests_share(into, host);
	}
	return run->is_free;
}
