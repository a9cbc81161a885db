/* Programs that a dynamic loader is called to start: /proc has the loader as their file. Relocatable toolchains wrap each compiler so. */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>

/* Whether a file of that name is one: glibc's, or musl's, which is its libc. */
bool loader_is(const char *name);

/* From the program on, of a command line with a loader's words before it. NULL: it starts none, as with --list. */
char **loader_words(char **words);

#endif
