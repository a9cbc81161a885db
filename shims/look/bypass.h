/* Tools that have no slot, by kind: the same tool, started by the same program, without a slot for the same reason. */
#ifndef BYPASS_H
#define BYPASS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contract.h"

struct ancestor;
struct kind;

/* The kind of a tool without a slot. */
struct kind *bypass_kind(const struct ancestor *tool, enum bypass_reason reason);

/* Counts a run of the kind, or more time of a run that was counted. Returns whether it is the first of its kind. */
bool bypass_count(struct kind *kind, bool is_new, uint64_t ns);

/* Takes back a run that was counted. */
void bypass_discount(struct kind *kind, uint64_t ns);

/* How long all kinds together ran. */
uint64_t bypass_ns(void);

/* Prints a line for people about the kind, once. */
void bypass_tell(struct kind *kind);

/* Prints how many kinds there are, and for each the tool, who started it, the reason by its name, where it worked, runs, milliseconds; each ended by a
 * NUL. */
void bypass_print(FILE *out);

#endif
