/* What /proc tells of a process' program besides its file: that can be read by all. */
#ifndef PROGRAMWORDS_H
#define PROGRAMWORDS_H

#include <sys/types.h>

#include "sandbox/loader.h"

enum { GUESSED_NAMES = 3 };

/* Names that a program may have; an empty one tells nothing. */
struct program_guess {
	const char *names[GUESSED_NAMES];
	const char *path; /* of its file, as we see it; NULL: not told */
};

/* The words of its command line, without those of the loader that runs it; NULL if it can't be read, or the loader runs none. To be used at once
 * (arena.h). If there are more than can be held, the last one stands for an input: so it does not look like a program that has none. */
char **program_words(pid_t pid, enum loader loader);

/* The program that a loader runs: its path, as we see it, or a name without a slash if the loader looks it up. NULL: none, or it can't be told.
 * Until the next one. */
const char *program_loaded(pid_t pid, enum loader loader);

/* Of a program whose file can't be looked at. NULL if nothing tells of it. Until the next one. */
const struct program_guess *program_guess(pid_t pid);

#endif
