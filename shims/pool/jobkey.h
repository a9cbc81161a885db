/* A job's key: the number that its locks and records have. */
#ifndef JOBKEY_H
#define JOBKEY_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* The key of the job that these four name: the PID namespace, the pid and the start of a process, and a word. */
uint64_t job_key(uint64_t namespace, uint64_t pid, uint64_t start, const char *name);

/* The key of a job that is named after a process and a word. */
uint64_t job_key_of(const struct process *process, const char *word);

/* Whether the job of that key is named after the process. */
bool job_is_of(uint64_t key, const struct process *process);

#endif
