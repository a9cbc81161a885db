/* One block of memory for the texts of a run: paths, PATH, the environment. A page costs a microsecond and 4 KB when it
 * is first touched, so they lie side by side. Nothing is given back: a launcher runs once. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

/* Returns the place for the next text, and in *room how many bytes fit. Another text may be built there too, until one is kept. */
char *arena_room(size_t *room);

/* Keeps the first size bytes of arena_room() and returns them. NULL if there is no room for them. */
char *arena_keep(size_t size);

/* Keeps a copy of length bytes, which may lie in arena_room(), ended by a NUL. NULL if there is no room for it. */
char *arena_copy(const char *text, size_t length);

/* What is kept from arena_mark() on is given back by arena_release() of that mark, in a process that lives on. */
size_t arena_mark(void);
void arena_release(size_t mark);

/* Room for an array of so many pointers: words, variables. Any number: what is too long for the block has pages of its own. NULL if
 * there is no memory. */
char **arena_pointers(size_t count);

#endif
