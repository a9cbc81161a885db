/* Which process has the lock of each record of a ledger, as /proc tells it: the owner of a record, by the number that it has here. */
#ifndef OWNERS_H
#define OWNERS_H

#include <sys/stat.h>
#include <sys/types.h>

#include "contract.h"

struct owners {
	struct stat ledger;
	pid_t met;                     /* whose descriptors are looked at */
	pid_t of[LEDGER_RECORD_COUNT]; /* 0: it can't be seen */
};

/* Notes the records whose locks a process has. */
void owners_note(struct owners *owners, pid_t pid);

#endif
