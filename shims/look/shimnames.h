/* The names of the shims, which are those of the tools that are governed. */
#ifndef SHIMNAMES_H
#define SHIMNAMES_H

#include <stdbool.h>

/* Reads them; clients are left out, whose own work is to start tools. False where they can't be read. To be called once, before the
 * others. */
bool shimnames_read(const char *shim_dir);

bool shimnames_has(const char *name);

/* Whether what has no shim would have one if the shims were installed now: it is of a family that has, or of one that is wanted
 * by default and came later. */
bool shimnames_lacks(const char *name, const char *path);

/* Whether a PATH has the shim dir. */
bool shimnames_on_path(const char *path);

/* The shim dir. */
const char *shimnames_directory(void);

#endif
