/* Which tools have an adapter: rows of the contract's table. */
#ifndef ADAPTERS_H
#define ADAPTERS_H

#include <stdbool.h>

struct adapter;

/* The adapter for a tool of this name, or NULL. */
const struct adapter *adapter_find(const char *tool);

/* Whether a program with this adapter takes a slot for each child of its own, if it joins a jobserver. NULL: it has none. */
bool adapter_is_client(const struct adapter *adapter);

/* Whether a program with this adapter keeps the caller's argv[0]. NULL: it has none. */
bool adapter_keeps_name(const struct adapter *adapter);

/* Whether the children of a program of this name need the shims, although it has no adapter. */
bool adapter_keeps_path(const char *tool);

#endif
