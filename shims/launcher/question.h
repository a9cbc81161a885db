/* What jobshim's own commands ask the launcher, since only it knows how a jobserver is found and a ledger is locked. */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>

struct self;

/* Answers `launcher OPTION [WORD...]` on stdout, argv beginning with the option, and sets *status to its exit status. False where
 * that is no question. */
bool question_answer(const struct self *self, int argc, char *const argv[], int *status);

#endif
