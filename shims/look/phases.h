/* Programs below a command that are no tools, such as configure and make: what else a build does, and when. */
#ifndef PHASES_H
#define PHASES_H

#include <stdbool.h>
#include <stdio.h>

struct process;

/* Call them before and after each look: what was not noted between them has ended. */
void phases_begin(void);
void phases_end(void);

/* Notes that the process runs. depth: how far below the command. A shell that was given its script as a word is left out: what it starts
 * tells more. */
void phases_note(const struct process *process, unsigned depth);

/* Prints how many there are, and for each its depth, when it began in milliseconds since 1970, for how many it ran, its directory and its
 * command line, each ended by a NUL: the longest, including those that still run. */
void phases_print(FILE *out);

#endif
