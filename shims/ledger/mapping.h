/* The mapped pages of the ledger. A process opens only one ledger, once. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <sys/types.h>

/* Handles SIGBUS, which a page that can't be stored raises, and SIGXFSZ, which a write beyond `ulimit -f` raises. False on error. */
bool mapping_begin(void);

/* Restores what these signals did before: the tool inherits which are ignored. */
void mapping_restore_signals(void);

/* Maps the page of offset, unless it is mapped already; to map the whole file would bring in pages that we don't need. Returns the address
 * of offset; NULL on error. */
void *mapping_make(int file, off_t offset);

/* Unmaps all of them. */
void mapping_end(void);

#endif
