#include "sandbox/demand.h"

#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "ground/arena.h"
#include "ground/hash.h"
#include "ground/number.h"
#include "ledger/counters.h"
#include "ledger/record.h"
#include "pool/clientname.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "proc/tree.h"
#include "rules/costs.h"
#include "rules/policy.h"
#include "sandbox/ancestors.h"
#include "sandbox/lines.h"
#include "sandbox/programs.h"
#include "sandbox/shimtools.h"
#include "wait/job.h"
#include "wait/solejob.h"

static struct policy_run told(const struct supervised *run, const struct program *program)
{
	return (struct policy_run){
		.tool = run->tool,
		.family = program->family,
		.kind = program->kind,
		.path = program->path,
		.subject = &run->subject,
	};
}

/* A launcher above it has passed the gates. */
static void read_policy(struct supervised *run, const struct program *program, const char *shim_dir)
{
	const struct policy_run of = told(run, program);
	const size_t mark = arena_mark();

	policy_none(&run->policy);
	if (run->job.nested)
		return;
	policy_read(&run->policy, &of, shim_dir, program->has_rules);
	run->policy.engine = ""; /* it runs already */
	arena_release(mark);
	if (run->policy.learns)
		run->policy.memory = costs_learned(shim_dir, run->tool, program->kind);
	if (!run->job.ours)
		policy_heed_make(&run->policy, &run->subject);
	/* Without memory for more it takes one slot. */
	run->gathering = run->policy.tokens > 1 ? calloc(1, sizeof *run->gathering) : NULL;
}

static void read_priority(struct supervised *run, const struct policy_run *of, const char *shim_dir, bool has_rules)
{
	const size_t mark = arena_mark();

	run->priority = policy_priority(&run->policy, of, shim_dir, has_rules);
	arena_release(mark);
}

void demand_below_tool(struct supervised *run, const char *shim_dir)
{
	policy_none(&run->policy); /* the tool above has passed the gates */
	read_priority(run, &(struct policy_run){ .tool = run->tool, .subject = &run->subject }, shim_dir, true);
}

/* As a launcher has it: its own environment wins over what is for all. */
static double patience_of(const struct subject *subject)
{
	const char *named = subject_variable(subject, ENV_PATIENCE);

	return named == NULL ? shimtools_patience() : decimal_read(named, shimtools_patience());
}

static void note_first(pid_t child, void *first)
{
	if (*(pid_t *)first == 0)
		*(pid_t *)first = child;
}

/* Whether the command of `run` has started it as its own sibling, by CLONE_PARENT. The oldest child of the starter is the command. If the
 * kernel does not tell the children it counts as the command. */
static bool is_beside_command(const struct process *process)
{
	struct process above;
	pid_t command = 0;

	if (!process_read(process->parent, &above) || strcmp(above.comm, STARTER_NAME) != 0)
		return false;
	(void)tree_each_child(above.pid, note_first, &command);
	return command != 0 && command != process->pid;
}

void demand_read(struct supervised *run, const struct program *program, const struct pool *pool, const char *shim_dir)
{
	run->job = job_recall(&run->subject, pool->jobserver, pool->ledger, &ancestors);
	if (run->job.ours && is_beside_command(&run->subject.process))
		run->job.ours = false; /* its key is that of all below `run` */
	run->is_callers = run->job.ours || run->job.nested;
	read_policy(run, program, shim_dir);
	run->is_free = run->job.ours && !run->job.owed && !policy_has_gates(&run->policy);
	if (run->job.ours && policy_has_gates(&run->policy)) {
		run->job = job_of_callers(&run->subject, &run->job);
		run->job.owed = false;
	}
	if (!run->is_free) {
		const struct policy_run of = told(run, program);

		read_priority(run, &of, shim_dir, program->has_rules);
	}
}

static struct acquire_for slot_for(struct supervised *run, struct pool *pool, const struct self *self)
{
	return (struct acquire_for){
		.pool = pool,
		.subject = &run->subject,
		.self = self,
		.tool = run->tool,
		.job = &run->job,
		.policy = &run->policy,
		.priority = run->priority,
		.gathering = run->gathering,
		.patience = patience_of(&run->subject),
	};
}

void demand_begin(struct supervised *run, struct pool *pool, const struct self *self)
{
	const struct acquire_for of = slot_for(run, pool, self);

	acquire_begin(&run->acquire, &of);
}

bool demand_at_once(struct supervised *run, struct pool *pool, const struct self *self)
{
	const struct acquire_for of = slot_for(run, pool, self);

	return acquire_at_once(&run->acquire, &of);
}

uint64_t demand_line(const struct supervised *run)
{
	if (policy_has_gates(&run->policy) || run->job.ours)
		return hash(run->job.key, &run->started.pid, sizeof run->started.pid);
	return run->priority.is_low ? hash(run->job.key, PRIORITY_LOW, sizeof PRIORITY_LOW) : run->job.key;
}

void demand_count(struct supervised *run, const struct pool *pool)
{
	const struct acquire *acquire = &run->acquire;

	if (acquire->slot.kind == SLOT_NONE)
		return;
	if (run->is_callers && acquire->slot.kind == SLOT_IMPLICIT) {
		ledger_count_caller_run(pool->ledger); /* nested: the run above is counted already */
		ledger_count_wait(pool->ledger, acquire->waited_ns);
	} else {
		record_count_run(&run->acquire.record, pool->jobserver, acquire->slot.claimed ? COUNTED_CLAIMED : COUNTED_RUN,
		                 acquire->waited_ns);
	}
}
