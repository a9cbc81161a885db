/* Tools that run below a process and that no launcher has started: they went past the shims, and take no slot. */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>

struct self;

/* Answers `launcher OPTION PID` and sets *status to its exit status. False where option is none of these:
 *   --past       looks until PID has ended or a signal comes, then prints, each ended by a NUL: milliseconds of tools that a launcher
 *                has started, of others, and for each kind of those the tool, who started it, why, runs, milliseconds
 *   --tell-past  looks likewise, and prints a line for people when it sees a kind for the first time */
bool past_answer(const struct self *self, const char *option, const char *root, int *status);

#endif
