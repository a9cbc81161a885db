/* A job's key: the number that its locks and records have. */
#ifndef JOBKEY_H
#define JOBKEY_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* The key of what these four name. */
uint64_t job_key(uint64_t namespace, uint64_t pid, uint64_t start, const char *name);

/* Names what is told of a process in one word. */
uint64_t job_key_of(const struct process *process, const char *word);

/* Whether the process is what the job is named after. */
bool job_is_of(uint64_t key, const struct process *process);

#endif
