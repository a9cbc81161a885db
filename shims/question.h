/* What jobshim's own commands ask the launcher, since only it knows how a jobserver is found and a ledger is locked. */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>

/* Answers `launcher OPTION` on stdout and sets *status to its exit status. False where option is no question. */
bool question_answer(const char *option, int *status);

/* Whether a launcher that was started with this option takes and gives no token. */
bool question_only_looks(const char *option);

#endif
