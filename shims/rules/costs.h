/* DIR/.jobshim/costs/TOOL: how much memory the runs of a tool needed, as a histogram for each kind of run (contract.h). */
#ifndef COSTS_H
#define COSTS_H

#include <stdint.h>

#include "contract.h"

/* Counts a run that needed so many KiB; only a sample of the small runs is counted. Best effort: the shim dir may belong to another user,
 * and two runs that end at the same moment may count as one. */
void costs_note(const char *shim_dir, const char *tool, enum run_kind kind, long kib);

/* The KiB that were enough for 95 of 100 such runs; 0: not known. */
uint32_t costs_learned(const char *shim_dir, const char *tool, enum run_kind kind);

#endif
