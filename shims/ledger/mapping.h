/* Pages of the ledger in our memory. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "contract.h"

enum { MAPPED_MAX = LEDGER_TOKENS_MAX + 1 }; /* the header's, and one for each of our records */

/* A page that can't be stored raises SIGBUS, and where the file is longer than `ulimit -f` allows a write SIGXFSZ: both are
 * seen to from now on. False on error. */
bool mapping_begin(void);

/* Lets them do what they did before: for the tool, which inherits what is ignored. */
void mapping_restore_signals(void);

/* Maps the page in which offset lies, as number slot of MAPPED_MAX: of the whole file the kernel would bring in pages that we
 * don't need. NULL on error. */
unsigned char *mapping_make(int file, off_t offset, size_t slot);

bool mapping_is_free(size_t slot);

#endif
