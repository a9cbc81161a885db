/* Waiters that did not use a turn that was left to them: they may be frozen with their cgroup, or stopped in a PID namespace that can't be
 * looked into. Each turn that is left to one of them costs, so for two seconds none is. */
#ifndef ABSENT_H
#define ABSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "contract.h"

struct passed;

/* Whether that build is left no turn. */
bool absent_is_build(volatile struct ledger_header *header, unsigned build);

/* Whether no other job of one's own build is. */
bool absent_are_jobs(volatile struct ledger_header *header);

/* A turn that was passed was not used. */
void absent_note(volatile struct ledger_header *header, const struct passed *passed);

/* One of that build, and job, looks: it was only slow to wake up. */
void absent_note_present(volatile struct ledger_header *header, unsigned build, unsigned job);

#endif
