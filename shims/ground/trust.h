/* Whether another user could put something in a path's place. The same rule as src/ground/trust.ts. */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

enum trust {
	TRUSTED, /* each directory, from the root on and through links, is ours or root's, and others can write it only if it is sticky */
	FOREIGN, /* another user can put something there */
	NO_DIRECTORY, /* there is none, or it can't be looked at; what is above it is trusted */
};

/* Judges the directory at an absolute path. */
enum trust trust_of_directory(const char *path);

/* Whether a file is ours or root's, and not everybody may write it. */
bool trust_file(const struct stat *status);

/* Opens the directory at an absolute path, to name what is in it. Another user's symlink is followed only to what is that user's
 * (src/ground/held-directory.ts). -1, with EPERM for one that leads elsewhere. */
int trust_hold_directory(const char *path);

#endif
