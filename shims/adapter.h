/* Shims for clients (DESIGN 6): they mend the jobserver's style and pay for the client's own slot. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <stdbool.h>

struct adapter;
struct jobserver;

/* The adapter for a tool of this name, or NULL. */
const struct adapter *adapter_find(const char *tool);

/* Makes MAKEFLAGS such that the client at path can join our jobserver: an old make gets two descriptors in place of
 * fifo:, or in place of R,W that were closed or are something else by now; ninja gets fifo: in place of R,W.
 * Returns the "MAKEFLAGS=..." to use, or NULL where it stays; *joins tells whether the client will be one of ours. */
char *adapter_mend(const struct adapter *adapter, const struct jobserver *jobserver, const char *path,
                   char *const argv[], bool *joins);

#endif
