/* What a shim dir says of tools: the families that count, the files behind its shims, the programs that its rules are for. */
#ifndef SHIMTOOLS_H
#define SHIMTOOLS_H

#include <stdbool.h>
#include <stddef.h>

/* Reads it, and notes the files (verdicts.h). Once, before the others. */
void shimtools_learn(const char *shim_dir);

/* How long a tool waits that says nothing of it in its environment: as ours says, else as install wrote it down; seconds, 0: for ever. */
double shimtools_patience(void);

/* Whether the shim dir has rules. */
bool shimtools_have_rules(void);

/* What starts tools that take the slots is none itself: ccache, and what has an adapter. */
bool shimtools_is_starter(const char *name);

/* The family of a tool of that name, if it is wanted, or has a shim; NULL: it is no tool's. */
const char *shimtools_family(const char *name);

/* Whether any program is a tool by a rule, and whether the one of that path is. */
bool shimtools_have_programs(void);
bool shimtools_has_program(const char *path);

#endif
