#include "acquire/owed.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/payer.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/clientname.h"
#include "pool/implicit.h"
#include "pool/jobkey.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "wait/job.h"
#include "ground/arena.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/subject.h"

/* Whether a server of ours has made the FIFO: its ledger lies beside it. */
static bool is_served(const struct jobserver *jobserver)
{
	size_t room;
	char *path = arena_room(&room);

	return !jobserver_is_inherited(jobserver) && text_put(path, room, "%s" LEDGER_SUFFIX, jobserver->path) < (int)room &&
	       access(path, F_OK) == 0;
}

/* Whether it is a make, and no other one is above it. */
static bool is_top_make(const struct subject *subject, pid_t client)
{
	const char *level = subject_variable(subject, "MAKELEVEL");
	const struct client_name *name;

	if (level == NULL || strcmp(level, "1") != 0)
		return false;
	name = client_program(client);
	return name != NULL && name->means == CLIENT_MAKE;
}

/* Whether nothing in the environment that the client was started with names a jobserver. */
static bool was_told_none(pid_t client)
{
	char *words, *end = process_words(client, "environ", &words);

	/* What did not fit does not end so. */
	return end != NULL && end[-1] == '\0' && text_behind(words, (size_t)(end - words), "--jobserver-") == NULL;
}

/* Whether the client has made the pool itself: then it is not a pool of `run`, `serve` or another server. */
static bool made_pool(const struct subject *subject, pid_t client)
{
	return is_top_make(subject, client) || was_told_none(client);
}

bool owed_lock(struct locks *locks, const void *run, const struct process *client)
{
	return implicit_take(locks, run, job_key_of(client, "owed"));
}

static void owed_unlock(struct locks *locks, const void *run, const struct process *client)
{
	implicit_give_back(locks, run, job_key_of(client, "owed"));
}

/* Whether nobody has paid for the job's client, and what the client's own job is. If the client is the child of another client, it runs in
 * that one's slot: then that one is checked, and is the client. */
static bool is_unpaid(struct owed *owed, const struct job *job)
{
	const struct jobserver *jobserver = owed->pool->jobserver;
	struct job at = *job;
	bool found;

	do {
		/* Most clients have been paid for by their adapter, whose badge we have then. */
		if (!at.owed || badge_is_of(jobserver, owed->subject, at.client.pid) ||
		    (!owed->is_served && made_pool(owed->subject, at.client.pid)) ||
		    implicit_is_taken(&owed->pool->locks, owed->run, job_key_of(&at.client, "owed")))
			return false;
		owed->client = at.client;
		found = job_of(&owed->client, owed->subject, jobserver, owed->pool->ledger, at.above, &owed->callers);
		/* A process that could not be examined may be its client: the next run checks again. */
		if (at.unsure || owed->callers.unsure)
			return false;
		at = owed->callers;
	} while (owed->callers.ours);
	/* If no client is above it, it may have made the pool itself. */
	return found || owed->is_served;
}

static bool check(struct owed *owed, struct pool *pool, const void *run, const struct subject *subject, const struct job *job)
{
	const struct jobserver *jobserver = pool->jobserver;

	*owed = (struct owed){ .pool = pool, .run = run, .subject = subject, .told = -1 };
	if (!job->owed)
		return false;
	owed->is_served = jobserver->own || jobserver->accounts || is_served(jobserver);
	return is_unpaid(owed, job);
}

bool owed_is_unpaid(struct pool *pool, const void *run, const struct subject *subject, const struct job *job)
{
	struct owed owed;

	return check(&owed, pool, run, subject, job);
}

/* The run pays itself: the job becomes the client's own job, of which it takes a slot, too. */
static enum owed_outcome pay(const struct owed *owed, struct job *job)
{
	const pid_t caller = job->caller;
	const uint64_t caller_start = job->caller_start;

	*job = owed->callers;
	job->caller = caller;
	job->caller_start = caller_start;
	return OWED_PAYS;
}

enum owed_outcome owed_begin(struct owed *owed, struct pool *pool, const void *run, const struct subject *subject,
                             const struct self *self, struct job *job)
{
	const struct jobserver *jobserver = pool->jobserver;

	if (!check(owed, pool, run, subject, job) || !owed_lock(&pool->locks, run, &owed->client))
		return OWED_NOTHING;
	/* A make counts the tokens of its own pool as it ends: no payer may stay behind with one. And a payer can't open a jobserver that is a socket. */
	if (!owed->is_served || jobserver->socket)
		return pay(owed, job);
	owed_unlock(&pool->locks, run, &owed->client);
	owed->told = payer_start(self, jobserver, &owed->client, job->above);
	return owed->told >= 0 ? OWED_WAITS : owed_end(owed, job);
}

bool owed_is_told(const struct owed *owed)
{
	struct pollfd told = { .fd = owed->told, .events = POLLIN };

	return owed->told < 0 || RETRY(poll(&told, 1, 0)) != 0;
}

enum owed_outcome owed_end(struct owed *owed, struct job *job)
{
	const bool pays = owed->told >= 0 && payer_pays(owed->told);

	owed->told = -1;
	if (pays || !owed_lock(&owed->pool->locks, owed->run, &owed->client))
		return OWED_NOTHING;
	return pay(owed, job);
}
