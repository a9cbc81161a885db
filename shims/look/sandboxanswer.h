/* Which sandbox a build can have. */
#ifndef SANDBOXANSWER_H
#define SANDBOXANSWER_H

#include <stdbool.h>

struct self;

/* `look sandbox RULES`: tells it for a build in this environment that has the rules in that text; empty: those that JOBSHIM_RULES names, if
 * any. */
bool answer_sandbox(const struct self *self, char *const words[]);

#endif
