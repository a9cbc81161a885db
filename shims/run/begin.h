/* The beginning of a run: what it is called with, and which tool that means. */
#ifndef BEGIN_H
#define BEGIN_H

#include <stdbool.h>

struct run;

/* Finds the run's tool and its settings; run->self is known, run->tool is the name that was started, run->argv all words of it. Ends this
 * process if there is no such tool. */
void begin(struct run *run);

/* Whether it may need a slot: not if it only asks its tool something, or JOBSHIM_DISABLE is set. */
bool begin_is_governed(const struct run *run);

#endif
