/* Tools that have no slot, those that are alike together: the same tool, started by the same program for the same reason. */
#ifndef BYPASS_H
#define BYPASS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contract.h"

struct ancestor;
struct kind;

/* The kind that a tool is of. */
struct kind *bypass_kind(const struct ancestor *tool, enum bypass_reason reason);

/* Counts a run of it, or more of the time of one that was counted. Returns whether it is the first of its kind. */
bool bypass_count(struct kind *kind, bool is_new, uint64_t ns);

/* A run that was counted was none. */
void bypass_discount(struct kind *kind, uint64_t ns);

/* How long they ran, all kinds together. */
uint64_t bypass_ns(void);

/* Prints a line for people about the kind, once. */
void bypass_tell(struct kind *kind);

/* Prints how many kinds there are, and for each the tool, who started it, the reason by its name, where it worked, runs, milliseconds; each ended by a
 * NUL. */
void bypass_print(FILE *out);

#endif
