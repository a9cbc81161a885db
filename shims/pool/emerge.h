/* emerge, of Gentoo's Portage: a client whose packages may hold a token while they wait for their turn. */
#ifndef EMERGE_H
#define EMERGE_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether a child of emerge runs a phase for which packages don't queue: itself, or, with FEATURES=pid-sandbox, through a child of its own,
 * the phase's init (portage/process.py). */
bool emerge_runs_own_phase(pid_t child);

/* How many packages an emerge builds at most, by its command line; -1: it does not say. */
long emerge_jobs(pid_t pid);

#endif
