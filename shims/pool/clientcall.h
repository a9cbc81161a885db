/* The command line and environment of a client, from /proc. */
#ifndef CLIENTCALL_H
#define CLIENTCALL_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether a make was called with -j. */
bool client_was_told_jobs(pid_t pid);

/* Whether a make has -l on its command line or in its environment; whether its child has it in its environment. */
bool client_heeds_load(pid_t pid);
bool client_told_load(pid_t child);

#endif
