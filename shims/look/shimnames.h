/* The names of the shims: those of all governed tools. */
#ifndef SHIMNAMES_H
#define SHIMNAMES_H

#include <stdbool.h>

/* Reads them, without clients, whose own work is to start tools. False on error. Call it once, before the others. */
bool shimnames_read(const char *shim_dir);

bool shimnames_has(const char *name);

/* Whether a tool without a shim would get one if it were on PATH: its family has shims, or is wanted. If it is not known what is wanted, a
 * default family that was installed later is. */
bool shimnames_lacks(const char *name, const char *path);

/* Whether a PATH has the shim dir. */
bool shimnames_on_path(const char *path);

/* The shim dir. */
const char *shimnames_directory(void);

#endif
