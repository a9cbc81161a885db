/* Where a symlink leads, one link after the other: each name on the way may tell something. */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>

/* Calls visit for path, then for what each further link leads to, until it returns true. True if one did. relative: the
 * link that led to at was, so that its directory is still how at begins. at is to be used at once (arena.h). */
bool links_each(const char *path, bool (*visit)(const char *at, bool relative, void *state), void *state);

/* What the link in an open directory says, to be used at once. A link of /proc, which says where the kernel has the file, is read without the
 * " (deleted)" that it may end with. NULL if it can't be read. */
const char *link_target(int directory, const char *name);

#endif
