/* The results of a watch over the tools below a command, and the file with them. */
#ifndef TOOLUSE_H
#define TOOLUSE_H

#include <stdbool.h>
#include <stdint.h>

struct tool_use {
	const char *jobserver;         /* its address */
	uint64_t began_ns, looked_ns;  /* the start of the root, and the last look */
	uint64_t governed_ns;          /* of tools in a slot */
	unsigned launched, by_clients; /* runs in a slot: those that a shim started, and others */
};

/* Writes the file, as words that each end with a NUL: the jobserver's address; the milliseconds that were watched, those of tools in a
 * slot, and of others; the runs in a slot that a shim started, and others; how many kinds of tools without a slot there are, and for each
 * the tool, the program that started it, the reason by its name, its directory, runs, milliseconds; the phases, as phases_print has them; then for each of the slowest runs the
 * tool, the file that it was about, milliseconds. is_wanted: makes its directory again if it was removed. False on error. */
bool tooluse_write(const struct tool_use *use, const char *file, bool is_wanted);

#endif
