/* DIR/.jobshim/costs/TOOL: how much memory the runs of a tool needed, a histogram for each kind of run (contract.h). */
#ifndef COSTS_H
#define COSTS_H

#include <stdint.h>

#include "contract.h"

/* Counts a run that needed so many KiB; of small ones some stand for all. Best effort: the shim dir may be somebody else's, and two runs that end in the
 * same moment may count as one. */
void costs_note(const char *shim_dir, const char *tool, enum run_kind kind, long kib);

/* The KiB that 95 of 100 such runs did with; 0 where nothing is known. */
uint32_t costs_learned(const char *shim_dir, const char *tool, enum run_kind kind);

#endif
