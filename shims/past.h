/* Tools that run below a process and that no launcher has started: they went past the shims, and take no slot. */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>

struct self;

/* Looks until the process words[0] has ended or a signal comes. The file words[1] has, each ended by a NUL: the jobserver's
 * address; milliseconds that were watched, of tools that a launcher has started, and of others; how many kinds of those there
 * are, and for each the tool, who started it, why, where it worked, runs, milliseconds; then of the slowest runs the tool, the
 * file that it was about, milliseconds. False, with a report, where that can't be done. */
bool past_note(const struct self *self, char *const words[]);

/* Looks likewise, and prints a line for people when it sees a kind for the first time. */
bool past_tell(const struct self *self, char *const words[]);

#endif
