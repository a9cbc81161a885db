#include "wait/owed.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/record.h"
#include "pool/badge.h"
#include "pool/clientname.h"
#include "pool/implicit.h"
#include "pool/jobkey.h"
#include "pool/jobserver.h"
#include "wait/job.h"
#include "wait/payer.h"
#include "wait/sleeper.h"
#include "wait/slot.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "proc/process.h"

/* Whether a server of ours has made the FIFO: its ledger lies beside it. */
static bool is_served(const struct jobserver *jobserver)
{
	size_t room;
	char *path = arena_room(&room);

	return !jobserver_is_inherited(jobserver) && snprintf(path, room, "%s" LEDGER_SUFFIX, jobserver->path) < (int)room &&
	       access(path, F_OK) == 0;
}

/* Whether it is a make, and no other one is above it. */
static bool is_top_make(pid_t client)
{
	const char *level = getenv("MAKELEVEL");
	const struct client_name *name;

	if (level == NULL || strcmp(level, "1") != 0)
		return false;
	name = client_program(client);
	return name != NULL && name->means == CLIENT_MAKE;
}

/* Whether nothing in the environment that the client was started with names a jobserver. */
static bool was_told_none(pid_t client)
{
	static const char auth[] = "--jobserver-";
	char *words, *end = process_words(client, "environ", &words);

	/* What did not fit does not end so. */
	return end != NULL && end[-1] == '\0' && memmem(words, (size_t)(end - words), auth, sizeof auth - 1) == NULL;
}

/* Whether the client has made the pool itself, which is none of `run`, `serve` and other servers. */
static bool made_pool(pid_t client)
{
	return is_top_make(client) || was_told_none(client);
}

/* Whether nobody has paid for our job's client, and what that one's own job is. A client that is another one's child has that one's
 * slot: then that one is asked about, and is the client. */
static bool is_unpaid(const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger, bool served,
                      struct process *client, struct job *callers)
{
	struct job at = *job;
	bool found;

	do {
		/* Most have been paid for by their adapter, whose badge we have then. */
		if (!at.owed || badge_is_of(jobserver, at.client.pid) || (!served && made_pool(at.client.pid)) ||
		    implicit_is_taken(jobserver, job_key_of(&at.client, "owed")))
			return false;
		*client = at.client;
		found = job_of(client, jobserver, ledger, at.above, callers);
		/* What could not be looked at may be its client: the next run looks again. */
		if (at.unsure || callers->unsure)
			return false;
		at = *callers;
	} while (callers->ours);
	/* If no client is above it, it may have made the pool itself. */
	return found || served;
}

bool owed_lock(const struct jobserver *jobserver, const struct process *client)
{
	return implicit_take(jobserver, job_key_of(client, "owed"));
}

bool owed_find(const struct self *self, struct job *job, const struct jobserver *jobserver, const struct ledger *ledger,
               const sigset_t *waiting)
{
	struct process client;
	struct job callers;
	bool served;

	if (!job->owed)
		return false;
	served = jobserver->own || jobserver->accounts || is_served(jobserver);
	if (!is_unpaid(job, jobserver, ledger, served, &client, &callers) || !owed_lock(jobserver, &client))
		return false;
	/* A make counts the tokens of its own pool as it ends: there nobody may be left behind who has one. No payer can open a socket. */
	if (served && !jobserver->socket) {
		implicit_give_back(jobserver, job_key_of(&client, "owed"));
		if (payer_start(self, jobserver, &client, job->above, waiting) || !owed_lock(jobserver, &client))
			return false;
	}
	callers.caller = job->caller;
	callers.caller_start = job->caller_start;
	*job = callers;
	return true;
}

struct slot owed_take(const struct self *self, struct job *job, const struct jobserver *jobserver, struct record *record,
                      const sigset_t *waiting, double patience, bool keep_place)
{
	const uint64_t began_ns = monotonic_ns();

	for (;;) {
		struct slot slot = slot_take(jobserver, job, record, waiting, patience, keep_place);
		const bool pays = slot.kind == SLOT_IMPLICIT && !slot.claimed && owed_find(self, job, jobserver, record->ledger, waiting);

		slot.waited_ns = monotonic_ns() - began_ns;
		if (!pays)
			return slot;
		/* The lock of the job's slot stays ours. */
		if (keep_place)
			sleeper_close(&slot.place);
		record_waiting(record);
	}
}
