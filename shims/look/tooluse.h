/* What a watch has seen of the tools below a command, and the file that tells it. */
#ifndef TOOLUSE_H
#define TOOLUSE_H

#include <stdbool.h>
#include <stdint.h>

struct tool_use {
	const char *jobserver;         /* its address */
	uint64_t began_ns, looked_ns;  /* the start of the root, and the last look */
	uint64_t governed_ns;          /* of tools in a slot */
	unsigned launched, by_clients; /* runs in a slot that were seen: of a shim's doing, and others */
};

/* Writes the file: each ended by a NUL the jobserver's address; milliseconds that were watched, of tools in a slot, and of others; runs
 * in a slot that were seen, of a shim's doing and others; how many kinds of tools without a slot there are, and for each the tool, who
 * started it, the reason by its name, where it worked, runs, milliseconds; then of the slowest runs the tool, the file that it was
 * about, milliseconds. is_wanted: its directory is made again if somebody has removed it. False on error. */
bool tooluse_write(const struct tool_use *use, const char *file, bool is_wanted);

#endif
