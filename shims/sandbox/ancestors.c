#include "sandbox/ancestors.h"

#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <unistd.h>

#include "ground/clock.h"
#include "proc/process.h"
#include "wait/job.h"

enum {
	PLACES = 4096,
	PARENTS = 16,
	PASSED_MAX = 64, /* of a walk: those that are nearest to the run */
};

/* A process above it may be another's child by now, or a client. A run waits only once it has walked the whole chain (job.h): so a memory
 * that is wrong may take a slot for the wrong job, and keeps nobody waiting. */
static const uint64_t VALID_NS = 1000000000;

static struct place {
	struct process process;
	struct job job;     /* of what it starts; if it is the client itself: of its children */
	uint64_t since_ns; /* when the oldest part of the walk was made; 0: nothing is here */
} places[PLACES];

/* Parents of tools that have started lately: each has the process' pidfd, by which it is quickly known whether it lives. */
static struct parent {
	pid_t pid; /* 0: none is here */
	int end;
	uint64_t start;
} parents[PARENTS];

static struct {
	struct process passed[PASSED_MAX];
	size_t count;
	uint64_t since_ns; /* 0: now */
} walk;

static struct place *place_of(pid_t pid)
{
	return &places[(size_t)pid % PLACES];
}

static bool is_of(const struct place *place, pid_t pid, uint64_t start)
{
	return place->since_ns != 0 && place->process.pid == pid && place->process.start == start;
}

static const struct place *find(const struct process *process)
{
	const struct place *place = place_of(process->pid);

	return is_of(place, process->pid, process->start) && place->process.parent == process->parent &&
	               monotonic_ns() - place->since_ns <= VALID_NS
	           ? place
	           : NULL;
}

bool ancestors_have(const struct process *process)
{
	return find(process) != NULL;
}

static struct parent *parent_of(pid_t pid)
{
	return &parents[(size_t)pid % PARENTS];
}

static bool lives(const struct parent *parent)
{
	struct pollfd end = { .fd = parent->end, .events = POLLIN };

	return poll(&end, 1, 0) == 0;
}

bool ancestors_have_parent(pid_t pid, struct process *process)
{
	const struct parent *parent = parent_of(pid);
	const struct place *place = place_of(pid);

	/* Well within the time, or it might be over before all is found out. */
	if (parent->pid != pid || !is_of(place, pid, parent->start) || monotonic_ns() - place->since_ns > VALID_NS / 2 || !lives(parent))
		return false;
	*process = place->process;
	return true;
}

void ancestors_note_parent(const struct process *process)
{
	struct parent *parent = parent_of(process->pid);
	struct process again;

	if (parent->pid == process->pid && parent->start == process->start)
		return;
	if (parent->pid != 0)
		close(parent->end);
	parent->pid = 0;
	parent->end = process_open(process->pid);
	if (parent->end < 0)
		return;
	/* Its number may have become another process's before that. */
	if (!process_read_all(process->pid, &again, NULL) || again.start != process->start) {
		close(parent->end);
		return;
	}
	parent->pid = process->pid;
	parent->start = process->start;
}

void ancestors_paid(const struct process *client)
{
	if (find(client) != NULL)
		place_of(client->pid)->job.owed = false;
}

void ancestors_forget(pid_t pid)
{
	struct place *place = place_of(pid);

	if (place->process.pid == pid)
		place->since_ns = 0;
}

static void begin(void)
{
	walk.count = 0;
	walk.since_ns = 0;
}

static void passed(const struct process *ancestor)
{
	if (walk.count < PASSED_MAX)
		walk.passed[walk.count++] = *ancestor;
}

static void note(const struct process *process, const struct job *job)
{
	*place_of(process->pid) = (struct place){
		.process = *process, .job = *job, .since_ns = walk.since_ns != 0 ? walk.since_ns : monotonic_ns()
	};
}

/* A job that is not its client's child is that of all that were passed. */
static void found(const struct job *job)
{
	if (job->ours)
		note(&job->client, job);
	else
		for (size_t i = 0; i < walk.count; i++)
			note(&walk.passed[i], job);
	begin();
}

static bool recall(const struct process *ancestor, bool direct, struct job *job)
{
	const struct place *place = find(ancestor);

	if (place == NULL || (place->job.ours && !direct))
		return false;
	job->ours = place->job.ours;
	job->nested = place->job.nested;
	job->owed = place->job.owed;
	job->client = place->job.client;
	job->key = place->job.key;
	walk.since_ns = place->since_ns;
	found(job);
	return true;
}

const struct job_memory ancestors = { .begin = begin, .recall = recall, .passed = passed, .found = found };
