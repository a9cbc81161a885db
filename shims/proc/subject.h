/* The process that a slot is for: this one, or another one that this one decides for. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc/process.h"

struct subject {
	struct process process; /* at least its pid and parent, as /proc has them; pid 0: /proc does not show it */
	bool is_self;
};

/* This process. */
struct subject subject_self(void);

/* Another one. False if there is no such process. */
bool subject_of(pid_t pid, struct subject *subject);

/* What the variable was set to as the process was started, or is by now in this one; NULL if it is not set, or that can't be read. To be
 * used at once (arena.h). */
const char *subject_variable(const struct subject *subject, const char *name);

/* The words of its command line, each with a NUL behind it. Returns the end of the last one; NULL if they can't be read. To be used at once
 * (arena.h). */
char *subject_command(pid_t pid, char **words);

/* Its number as it has it itself, if it is this process; else as /proc has it. */
pid_t subject_number(const struct subject *subject);

#endif
