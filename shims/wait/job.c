#include "wait/job.h"

#include <errno.h>
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
#include "wait/holding.h"
#include "wait/shells.h"
#include "proc/namespace.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "ground/number.h"

static const uint64_t OWNER_KEY = 1;

unsigned job_launchers_above(const struct subject *subject, bool builds)
{
	const char *value = subject_variable(subject, ENV_HOPS);
	const unsigned count = value == NULL ? 0 : (unsigned)number_first(value);

	return builds || count == 0 ? count : count - 1;
}

enum walk {
	WALK_FOUND,
	WALK_TOP,  /* there is no client up to the first process of the PID namespace */
	WALK_ENDS, /* what is above can't be seen */
};

/* What earlier walks found out, if either counts. */
struct earlier {
	struct shells *shells;           /* NULL: what was noted in the ledger does not count */
	const struct job_memory *memory; /* NULL: there is none */
	struct holding *holding;         /* NULL: tools in a sandbox are not looked for: their supervisor itself asks, which knows them */
	bool recalled;
};

static enum client_answer examine(const struct process *process, const struct subject *told, const struct jobserver *jobserver,
                                  bool below_launcher, struct shells *shells)
{
	enum client_answer answer;

	if (shells != NULL && shells_know(shells, process))
		return CLIENT_NO;
	answer = client_of(process, jobserver, told, below_launcher);
	if (shells != NULL && answer == CLIENT_NO)
		shells_note(shells, process);
	return answer;
}

/* Whether it runs in the slot of a tool in a sandbox: of that process above child, or of child itself, if that is what a tool has become. */
static bool is_below_tool(struct job *job, const struct process *child, const struct process *process, struct earlier *earlier)
{
	const bool is_first = process->pid == job->caller;
	struct process tool = *process;

	if (earlier->holding == NULL)
		return false;
	if (is_first && holding_has(earlier->holding, child)) {
		if (!process_read(child->pid, &tool))
			return false;
	} else if (!holding_has(earlier->holding, process)) {
		if (earlier->holding->has_any)
			earlier->shells = NULL; /* none is passed over */
		return false;
	}
	job->nested = true;
	job->client = tool;
	job->key = job_key(0, (uint64_t)tool.pid, tool.start, "");
	return true;
}

static bool is_client(enum client_answer sight)
{
	return sight == CLIENT_YES || sight == CLIENT_OURS || sight == CLIENT_PAYER;
}

/* It is no client, as far as can be told. */
static void pass(enum client_answer sight, const struct process *process, const struct job_memory *memory)
{
	if (memory != NULL && sight == CLIENT_NO)
		memory->passed(process);
	else if (memory != NULL)
		memory->begin();
}

static void found(struct job *job, const struct process *child, const struct process *client, enum client_answer sight, bool by_owner,
                  bool direct)
{
	job->ours = direct;
	job->nested = sight == CLIENT_OURS;
	job->owed = !by_owner && sight == CLIENT_YES;
	job->client = *client;
	/* All that `jobshim run` starts, and what was reparented away from it, is its one command. Else the child's name;
	 * without its PID namespace, which takes long to ask for: should two ever agree, they merely share a slot. */
	job->key = by_owner ? OWNER_KEY : job_key(0, (uint64_t)child->pid, child->start, "");
}

/* Walks up from self, whose pid and parent are known, to the nearest client. */
static enum walk walk_up(struct job *job, const struct process *self, const struct subject *told, const struct jobserver *jobserver,
                         const struct ledger *ledger, unsigned above, struct earlier *earlier)
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
		if ((by_owner || shells_are(&process)) && is_below_tool(job, &child, &process, earlier))
			return WALK_FOUND;
		if (!by_owner && earlier->shells != NULL && shells_pass(earlier->shells, &process))
			continue;
		if (!by_owner && earlier->memory != NULL && earlier->memory->recall(&process, child.pid == self->pid, job)) {
			earlier->recalled = true;
			return WALK_FOUND;
		}
		if (!by_owner)
			sight = examine(&process, told, jobserver, above > 0, earlier->shells);
		if (is_client(sight)) {
			found(job, &child, &process, sight, by_owner, child.pid == self->pid);
			if (earlier->memory != NULL)
				earlier->memory->found(job);
			return WALK_FOUND;
		}
		if (is_below_tool(job, &child, &process, earlier))
			return WALK_FOUND;
		if (sight == CLIENT_HIDDEN)
			return WALK_ENDS;
		job->unsure = job->unsure || sight == CLIENT_UNKNOWN;
		pass(sight, &process, earlier->memory);
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

/* Without a client above it: in the machine's pool no slot is shared. A badge tells that there is a client, which can't be seen. */
static void at_top(struct job *job, const struct jobserver *jobserver, const struct subject *told, const struct process *process, uint64_t badge)
{
	job->pays = jobserver->machine && badge == 0;
	job->key = job->pays ? job_key(0, (uint64_t)process->pid, process->start, "") : shared_key(told, badge, job->above);
}

bool job_of(const struct process *process, const struct subject *told, const struct jobserver *jobserver,
            const struct ledger *ledger, unsigned above, struct job *job)
{
	struct holding holding;
	struct earlier none = { .holding = &holding };
	enum walk walk;

	*job = (struct job){ .above = above };
	holding_begin(&holding, jobserver, ledger, false); /* the process may be in a sandbox that we are not in, as a payer is in none */
	walk = walk_up(job, process, told, jobserver, ledger, above, &none);
	holding_end(&holding);
	if (walk == WALK_FOUND)
		return true;
	at_top(job, jobserver, told, process, badge_read(jobserver, told).identity);
	return false;
}

static struct job find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger, unsigned above,
                       struct earlier *earlier)
{
	struct job job = { .above = above };
	struct badge badge;
	struct guide_answer guide;
	enum walk walk = WALK_ENDS;

	/* Of the process itself no more is asked: a client's own child needs no key. */
	if (subject->process.pid > 0)
		walk = walk_up(&job, &subject->process, subject, jobserver, ledger, above, earlier);
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
	at_top(&job, jobserver, subject, &subject->process, badge.identity);
	return job;
}

struct job job_find(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger, bool builds)
{
	struct shells shells;
	struct holding holding;
	struct earlier earlier = { .shells = &shells, .holding = &holding };
	struct job job;

	shells_begin(&shells, jobserver, ledger);
	holding_begin(&holding, jobserver, ledger, subject->is_self);
	job = find(subject, jobserver, ledger, job_launchers_above(subject, builds), &earlier);
	job.noted = shells.skipped;
	shells_end(&shells);
	holding_end(&holding);
	return job;
}

struct job job_recall(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                      const struct job_memory *memory)
{
	struct earlier earlier = { .memory = memory };
	struct job job;

	memory->begin();
	job = find(subject, jobserver, ledger, job_launchers_above(subject, false), &earlier);
	job.noted = earlier.recalled;
	return job;
}

struct job job_below(const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger,
                     const struct process *tool)
{
	struct holding holding;
	struct earlier earlier = { .holding = &holding };

	holding_begin_known(&holding, tool);
	return find(subject, jobserver, ledger, job_launchers_above(subject, false), &earlier);
}

bool job_is_another(struct job *job, const struct subject *subject, const struct jobserver *jobserver, const struct ledger *ledger)
{
	struct earlier nothing = { .shells = NULL };
	struct holding holding;
	struct ledger none;
	struct job whole;

	if (!job->noted)
		return false;
	job->noted = false;
	ledger_none(&none);
	holding_begin(&holding, jobserver, ledger, subject->is_self);
	if (subject->is_self)
		nothing.holding = &holding;
	/* As job_find() was called: a foreign jobserver's ledger names no owner. */
	whole = find(subject, jobserver, jobserver->own ? ledger : &none, job->above, &nothing);
	holding_end(&holding);
	/* A client that our caller became meanwhile has paid for nothing. */
	if (whole.ours || whole.key == job->key)
		return false;
	*job = whole;
	return true;
}
