/* Which build each run of the pool is a part of. */
#ifndef BUILDANSWER_H
#define BUILDANSWER_H

#include <stdbool.h>

struct self;

/* Prints a row for each record, for each client of the pool, and for each process that a client has started. False on error. */
bool answer_builds(const struct self *self, char *const words[]);

#endif
