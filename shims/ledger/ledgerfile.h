/* Where ledgers lie: beside the FIFO of `jobshim run`, else in the state directory, which is made if it is missing. */
#ifndef LEDGERFILE_H
#define LEDGERFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract.h"

struct jobserver;

enum { LEDGER_BYTES = LEDGER_HEADER_BYTES + LEDGER_RECORD_COUNT * LEDGER_RECORD_BYTES };

/* Opens the jobserver's ledger, unchecked, and sets *owner to the user it must belong to. If there is none, makes one if make is set. -1 on
 * error, or if there is none: *why says the reason, for people. */
int ledger_file_open(const struct jobserver *jobserver, bool make, uid_t *owner, const char **why);

/* Creates name in directory with an empty table, for a pool of so many tokens; -1: their number is not known. since: what started earlier,
 * in clock ticks since boot, is older than the pool; 0: not known. If several processes do, the first one wins. False if there is none then. */
bool ledger_file_create(int directory, const char *name, int32_t total, uint64_t since);

/* pread() and pwrite() of all bytes, with EINTR looped: FUSE and network file systems return it. */
bool ledger_file_read(int fd, void *bytes, size_t size, off_t at);
bool ledger_file_write(int fd, const void *bytes, size_t size, off_t at);

#endif
