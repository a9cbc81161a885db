#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "contract.h"
#include "hash.h"
#include "jobserver.h"
#include "ledger.h"
#include "namespace.h"
#include "process.h"

static const uint64_t OWNER_KEY = 1;

static uint64_t key_of(uint64_t namespace, uint64_t pid, uint64_t start, const char *name)
{
	uint64_t value = HASH_OF_NOTHING;

	value = hash(value, &namespace, sizeof namespace);
	value = hash(value, &pid, sizeof pid);
	value = hash(value, &start, sizeof start);
	value = hash(value, name, strlen(name));
	return value;
}

/* Only below a launcher is there anything to look for, and then it has counted its hop. */
static bool is_launcher_process(pid_t pid)
{
	char program[16];

	if (getenv(ENV_HOPS) == NULL)
		return false;
	process_program(pid, program, sizeof program);
	return strcmp(program, "launcher") == 0;
}

struct job job_find(const struct jobserver *jobserver, const struct ledger *ledger)
{
	/* Of ourselves nothing more is asked: a client's own child needs no key. */
	const struct process self = { .pid = getpid(), .parent = getppid() };

	return job_of(&self, jobserver, ledger);
}

struct job job_of(const struct process *self, const struct jobserver *jobserver, const struct ledger *ledger)
{
	struct job job = { .ours = false };
	struct process child = *self, process;
	const char *name;
	uint64_t namespace;

	for (; child.parent > 0 && process_read(child.parent, &process); child = process) {
		bool by_owner = ledger_owned_by(ledger, &process);

		if (child.pid == self->pid) {
			job.caller = process.pid;
			job.caller_start = process.start;
		}
		if (!by_owner && !client_of(&process, jobserver))
			continue;
		job.ours = child.pid == self->pid;
		job.nested = !by_owner && is_launcher_process(process.pid);
		job.owed = job.ours && !by_owner && !job.nested && !client_is_named(process.comm);
		/* All that `jobshim run` starts, and what was reparented away from it, is its one command. Else the child's name;
		 * without its PID namespace, which takes long to ask for: should two ever agree, they merely share a slot. */
		job.key = by_owner ? OWNER_KEY : key_of(0, (uint64_t)child.pid, child.start, "");
		return job;
	}
	namespace = pid_namespace();
	name = getenv(ENV_JOB);
	job.key = ledger_owned_in(ledger, namespace) ? OWNER_KEY : key_of(namespace, 0, 0, name == NULL ? "" : name);
	return job;
}

struct job job_of_callers(const struct job *found)
{
	struct job job = *found;

	pid_namespace_by_parent();
	/* Without the start time, which takes longer to read than all else here: its locks end with the process. */
	job.key = key_of(pid_namespace(), (uint64_t)getpid(), 0, "");
	job.ours = false;
	return job;
}

uint64_t job_key_of(const struct process *process, const char *word)
{
	return key_of(0, (uint64_t)process->pid, process->start, word);
}

bool job_is_of(uint64_t key, const struct process *process)
{
	return key == key_of(0, (uint64_t)process->pid, process->start, "") ||
	       key == key_of(pid_namespace(), (uint64_t)process->pid, 0, "");
}

struct job job_that_pays(void)
{
	const struct job nobodys = { .pays = true };

	return job_of_callers(&nobodys);
}
