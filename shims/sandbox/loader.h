/* Programs that run another one's file in their own process, so that /proc has them as its file: dynamic loaders, by which relocatable
 * toolchains wrap each compiler; emulators, by which a foreign chroot does; valgrind. */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>

enum loader {
	LOADER_NONE,
	LOADER_LIBC, /* ld.so(8); musl's, which is its libc */
	LOADER_EMULATOR, /* qemu-user and others */
	LOADER_VALGRIND,
};

/* Which one a file of that path is. */
enum loader loader_of(const char *path);

/* Whether it looks the program up on PATH, if its name has no slash. */
bool loader_searches(enum loader loader);

/* From the program on, of a command line with a loader's words before it. NULL: it starts none, as with --list. */
char **loader_words(enum loader loader, char **words);

#endif
