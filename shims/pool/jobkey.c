#include "pool/jobkey.h"

#include <string.h>

#include "ground/hash.h"
#include "proc/namespace.h"
#include "proc/process.h"

uint64_t job_key(uint64_t namespace, uint64_t pid, uint64_t start, const char *name)
{
	uint64_t value = HASH_OF_NOTHING;

	value = hash(value, &namespace, sizeof namespace);
	value = hash(value, &pid, sizeof pid);
	value = hash(value, &start, sizeof start);
	value = hash(value, name, strlen(name));
	return value;
}

uint64_t job_key_of(const struct process *process, const char *word)
{
	return job_key(0, (uint64_t)process->pid, process->start, word);
}

bool job_is_of(uint64_t key, const struct process *process)
{
	return key == job_key(0, (uint64_t)process->pid, process->start, "") ||
	       key == job_key(pid_namespace(), (uint64_t)process->pid, 0, "");
}
