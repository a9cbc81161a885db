/* The versions of clients. They are asked for once: DIR/.jobshim/versions/NAME keeps the answer. */
#ifndef VERSION_H
#define VERSION_H

#include <stdbool.h>

struct version {
	long major, minor;
};

/* What `path --version` tells. What was kept holds as long as the program at path is the same by device, inode, size and time of
 * change; anything else that may lie there is put right. False where it tells none. */
bool version_of(const char *shim_dir, const char *name, const char *path, struct version *version);

/* Whether `path --version` names this version or a later one. */
bool version_reaches(const char *shim_dir, const char *name, const char *path, int major, int minor);

#endif
