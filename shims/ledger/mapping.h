/* Pages of a ledger in our memory: of one ledger, which a process opens once. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <sys/types.h>

/* A page that can't be stored raises SIGBUS, and if the file is longer than `ulimit -f` allows a write SIGXFSZ: both are
 * seen to from now on. False on error. */
bool mapping_begin(void);

/* Lets them do what they did before: for the tool, which inherits what is ignored. */
void mapping_restore_signals(void);

/* Maps the page in which offset lies, unless that is mapped already: of the whole file the kernel would bring in pages that we
 * don't need. Returns where offset is in memory; NULL on error. */
void *mapping_make(int file, off_t offset);

/* Unmaps all of them. */
void mapping_end(void);

#endif
