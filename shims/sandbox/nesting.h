/* A sandbox inside another one. There can be one listener only above a process, so the supervisor above answers for both, if it is ours and
 * serves the same pool. That is found out by set_tid_address itself, with an argument that is no address: a supervisor of ours answers it,
 * any other has the kernel answer. */
#ifndef NESTING_H
#define NESTING_H

#include <stdbool.h>
#include <stdint.h>

struct jobserver;

/* What a sandbox and the one above it must have in common, as hashes; 0: it does not matter. */
struct common {
	uint64_t pool, shims, rules;
};

uint64_t common_pool(const struct jobserver *jobserver);
uint64_t common_shims(const char *shim_dir);
uint64_t common_rules(const char *text);

enum above {
	ABOVE_FOREIGN = 0, /* a listener of another program's, or none; or nobody answers */
	ABOVE_OURS = 1 << 6,
	/* and these with it: */
	ABOVE_OTHER_POOL = 1 << 0,
	ABOVE_OTHER_SHIMS = 1 << 1,
	ABOVE_OTHER_RULES = 1 << 2,
	ABOVE_IS_OVER = 1 << 3, /* its build has ended: no tool takes a slot any more */
};

/* Finds out what is above this process. Takes five seconds at most. */
unsigned nesting_find(const struct common *wanted);

/* In a supervisor: whether the arguments of a call want to know it. */
bool nesting_is_wanted(const uint64_t arguments[6]);

/* What it returns from the call then. own: what it has. NULL: its build is over. */
int64_t nesting_answer(const uint64_t arguments[6], const struct common *own);

/* What was found, for people. */
const char *nesting_why(unsigned above);

#endif
