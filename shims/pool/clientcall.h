/* What a client was called with: its command line and environment, as /proc has them. */
#ifndef CLIENTCALL_H
#define CLIENTCALL_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether a make was called with -j. */
bool client_was_told_jobs(pid_t pid);

/* Whether a make was called with -l, or its environment has it; whether that of what it has started has. */
bool client_heeds_load(pid_t pid);
bool client_told_load(pid_t child);

#endif
