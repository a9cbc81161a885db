#include "wait/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "pool/badge.h"
#include "pool/client.h"
#include "pool/clientname.h"
#include "pool/jobkey.h"
#include "pool/jobserver.h"
#include "wait/guide.h"
#include "proc/namespace.h"
#include "proc/process.h"
#include "proc/subject.h"

static const uint64_t OWNER_KEY = 1;

unsigned job_launchers_above(const struct subject *subject, bool builds)
{
	const char *value = subject_variable(subject, ENV_HOPS);
	const unsigned count = value == NULL ? 0 : (unsigned)strtoul(value, NULL, 10);

	return builds || count == 0 ? count : count - 1;
}

enum walk {
	WALK_FOUND,
	WALK_TOP,  /* there is no client up to the first process of the PID namespace */
	WALK_ENDS, /* what is above can't be seen */
};

/* Walks up from self, whose pid and parent are known, to the nearest client. */
static enum walk walk_up(struct job *job, const struct process *self, const struct jobserver *jobserver,
                         const struct ledger *ledger, unsigned above)
{
	struct process child = *self, process;

	for (; child.parent > 0; child = process) {
		enum client_answer sight = CLIENT_YES;
		bool by_owner;

		if (!process_read(child.parent, &process)) {
			job->unsure = job->unsure || (errno != ENOENT && errno != EACCES); /* these hide processes */
			return WALK_ENDS;
		}
		if (child.pid == self->pid) {
			job->caller = process.pid;
			job->caller_start = process.start;
		}
		/* What `run` starts is its child, with that in between. */
		if (strcmp(process.comm, STARTER_NAME) == 0) {
			child.parent = process.parent;
			process = child;
			continue;
		}
		by_owner = ledger_owned_by(ledger, &process);
		if (!by_owner)
			sight = client_of(&process, jobserver, above > 0);
		if (sight == CLIENT_HIDDEN)
			return WALK_ENDS;
		job->unsure = job->unsure || sight == CLIENT_UNKNOWN;
		if (sight != CLIENT_YES && sight != CLIENT_OURS && sight != CLIENT_PAYER)
			continue;
		job->ours = child.pid == self->pid;
		job->nested = sight == CLIENT_OURS;
		job->owed = !by_owner && sight == CLIENT_YES;
		job->client = process;
		/* All that `jobshim run` starts, and what was reparented away from it, is its one command. Else the child's name;
		 * without its PID namespace, which takes long to ask for: should two ever agree, they merely share a slot. */
		job->key = by_owner ? OWNER_KEY : job_key(0, (uint64_t)child.pid, child.start, "");
		return WALK_FOUND;
	}
	if (ledger->owner == 0 || !ledger_owned_in(ledger, pid_namespace()))
		return WALK_TOP;
	job->key = OWNER_KEY;
	return WALK_FOUND;
}

/* Of those that share the slot none is an ancestor of another: that one would wait for a slot that it has itself. */
static uint64_t shared_key(const struct subject *subject, uint64_t identity, unsigned above)
{
	const char *name = subject_variable(subject, ENV_JOB);

	return job_key(0, identity, above, name == NULL ? "" : name);
}

bool job_of(const struct process *process, const struct jobserver *jobserver, const struct ledger *ledger, unsigned above,
            struct job *job)
{
	const struct subject self = { .is_self = true };

	*job = (struct job){ .above = above };
	if (walk_up(job, process, jobserver, ledger, above) == WALK_FOUND)
		return true;
	job->key = shared_key(&self, badge_read(jobserver, &self).identity, above);
	return false;
}

struct job job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger, bool builds)
{
	const unsigned above = job_launchers_above(subject, builds);
	struct job job = { .above = above };
	struct badge badge;
	struct guide_answer guide;
	enum walk walk = WALK_ENDS;

	/* Of the process itself no more is asked: a client's own child needs no key. */
	if (subject->process.pid > 0)
		walk = walk_up(&job, &subject->process, jobserver, ledger, above);
	if (walk == WALK_FOUND)
		return job;
	job.blind = access("/proc/stat", R_OK) < 0;
	badge = badge_read(jobserver, subject);
	job.ours = badge.client != 0 && badge.client == (subject->is_self ? getppid() : subject->process.parent);
	/* In a pool that no `jobshim run` made there is most likely no client above it at all. */
	if (job.ours)
		return job;
	if (subject->is_self && (walk == WALK_ENDS || ledger->owner != 0) && guide_ask(jobserver, above, &guide)) {
		job.ours = guide.ours;
		job.nested = guide.nested;
		job.key = guide.key;
		return job;
	}
	job.key = shared_key(subject, badge.identity, above);
	return job;
}

/* As who looks at all processes finds it. */
static pid_t number_in_proc(const struct subject *subject)
{
	const pid_t number = subject->is_self ? process_self_number() : subject->process.pid;

	return number > 0 ? number : getpid();
}

struct job job_of_callers(const struct subject *subject, const struct job *found)
{
	struct job job = *found;

	if (subject->is_self)
		pid_namespace_by_parent();
	/* Without the start time, which takes longer to read than all else here: its locks end with the process. */
	job.key = job_key(pid_namespace(), (uint64_t)number_in_proc(subject), 0, "");
	job.ours = false;
	job.claim = 0;
	return job;
}

struct job job_that_pays(const struct subject *subject)
{
	const struct job nobodys = { .pays = true };

	return job_of_callers(subject, &nobodys);
}
