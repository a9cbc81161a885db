/* Finds the real tool behind a shim. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>
#include <time.h>

#include "tool/self.h"

struct resolution {
	enum { RESOLVED, NOT_FOUND, NOT_EXECUTABLE } outcome;
	char *stripped_path;  /* "PATH=..." without any jobshim entry; NULL: nothing to strip, or it won't fit */
	struct timespec mtime; /* of path */
	bool by_link;         /* a link to a shim led to name: links behind it lead to the same tool */
	bool follows;         /* of a search: links to other shims are followed */
	bool is_shim;         /* the search is not over: path is the name of another shim */
	char *name;           /* the name of the tool that was found, to which links to shims may lead; or a path that was given */
	char *path;           /* absolute, or as PATH has it; symlinks not resolved; empty if none was found */
};

/* The name of the tool whose shim path is, or leads to; NULL for any other path. All files in a shim dir, ours or another's, count as
 * shims. */
char *shim_name(const struct self *self, char *path);

/* Finds the real tool for name. A plain name is searched on PATH behind our own entry, then before it. The search skips every shim dir,
 * ours and others', and links to our own shim; a link to another tool's shim stands for that tool. A name with a slash stands for itself,
 * unless it leads to a shim. */
void resolve(const struct self *self, char *name, struct resolution *resolution);

#endif
