/* Finds the real tool behind a shim (DESIGN 4.2). */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>
#include <sys/types.h>

/* The installed launcher this process runs from. */
struct self {
	dev_t device;         /* of the launcher */
	ino_t inode;
	const char *shim_dir; /* empty where the launcher is not in a DIR/.jobshim */
};

struct resolution {
	enum { RESOLVED, NOT_FOUND, NOT_EXECUTABLE } outcome;
	char *stripped_path;  /* "PATH=..." without any jobshim entry; NULL: nothing to strip, or it won't fit */
	char *path;           /* absolute, or as PATH has it; symlinks not resolved; empty where none was found */
};

void self_find(struct self *self);

/* Whether path, without symlinks, is that of a launcher in a shim dir. */
bool is_launcher(const char *path);

/* Whether path names a file in a shim dir, ours or another's. */
bool is_shim(const struct self *self, const char *path);

/* Finds the real tool for name. A plain name is searched on PATH behind our own entry, then before it; every shim dir is
 * passed over, ours and others'. A name with a slash stands for itself, unless it is a shim. */
void resolve(const struct self *self, const char *name, struct resolution *resolution);

#endif
