/* The runs of tools that a watch sees, and the slowest of them. */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct process;

/* How long the process has run. */
uint64_t seen_age_ms(const struct process *process);

/* Before and after each look. */
void seen_begin(void);
void seen_end(void);

/* Whether it was noted at the last look. */
bool seen_before(const struct process *process);

/* Notes that the process runs. True if it is seen for the first time. */
bool seen_note(const struct process *process, const char *shim_dir);

/* Prints the slowest runs, those that are not over included: tool, file, milliseconds, each ended by a NUL. */
void seen_print(FILE *out);

#endif
