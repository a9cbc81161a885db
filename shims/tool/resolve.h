/* Finds the real tool behind a shim. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* The installed launcher this process runs from. */
struct self {
	dev_t device;         /* of its file */
	ino_t inode;
	off_t size;
	struct timespec mtime;
	uid_t user;
	bool is_file;         /* it is a shim's file, that of one tool */
	bool by_link;         /* a link to a shim was started */
	const char *shim_dir; /* empty where the launcher is not in a DIR/.jobshim */
	char *name;           /* of the tool whose shim was started, by whatever links; empty: that is not told by a file */
};

struct resolution {
	enum { RESOLVED, NOT_FOUND, NOT_EXECUTABLE } outcome;
	char *stripped_path;  /* "PATH=..." without any jobshim entry; NULL: nothing to strip, or it won't fit */
	struct timespec mtime; /* of path */
	bool by_link;         /* a link to a shim led to name: what is behind that is no other one */
	bool follows;         /* of a search: links to other shims are followed */
	bool is_shim;         /* of a search that is not over: path is the name of another shim */
	char *name;           /* of the tool that was found: links to shims may lead to another one; a path that was given */
	char *path;           /* absolute, or as PATH has it; symlinks not resolved; empty where none was found */
};

void self_find(struct self *self);

/* The same for `look`: fills self with the launcher that lies beside our own program. */
void self_find_beside(struct self *self);

/* Of which shim's file our own program is a copy, lying elsewhere; NULL for any other program. */
const char *self_copied(void);

/* The name of the tool whose shim path is, or leads to; NULL for any other path. Whatever lies in a shim dir, ours or
 * another's, counts as one. */
char *shim_name(const struct self *self, char *path);

/* Finds the real tool for name. A plain name is searched on PATH behind our own entry, then before it; every shim dir is
 * passed over, ours and others', and so are links to our own shim; a link to another tool's shim stands for that tool. A
 * name with a slash stands for itself, unless it leads to a shim. */
void resolve(const struct self *self, char *name, struct resolution *resolution);

#endif
