/* Tools that run below a process and that no launcher has started: they went past the shims, and take no slot. */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>

struct self;

/* Answers `launcher OPTION PID [FILE]`, argv beginning with the option, and sets *status to its exit status. False where
 * these are none of:
 *   --past PID FILE   looks until PID has ended or a signal comes; FILE has, each ended by a NUL: the jobserver's address;
 *                     milliseconds that were watched, of tools that a launcher has started, and of others; how many kinds of
 *                     those there are, and for each the tool, who started it, why, where it worked, runs, milliseconds; then
 *                     of the slowest runs the tool, the file that it was about, milliseconds
 *   --tell-past PID   looks likewise, and prints a line for people when it sees a kind for the first time */
bool past_answer(const struct self *self, char *const argv[], int *status);

#endif
