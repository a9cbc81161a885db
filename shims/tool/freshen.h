/* DIR/.jobshim/bin/NAME, the file that a shim leads to: a copy of the launcher, followed by a note about the real tool. It has the real
 * tool's mtime. So programs that watch a compiler's file by its mtime or content (cargo, SCons, ccache) notice when the compiler is
 * replaced. */
#ifndef FRESHEN_H
#define FRESHEN_H

#include <stdbool.h>

struct resolution;
struct self;

/* Brings the files of all shims that have a tool file up to date, and the `look` beside them, for install. False, with errno, for the first one that can't be written.
 * */
bool freshen_all(const struct self *self);

/* The same, if the mtimes show a change. Files that can't be written stay as they are. */
void freshen_changed(const struct self *self);

/* The same for the file of one tool, if it is the one that install found. */
void freshen_tool(const struct self *self, const char *name);

/* Whether the file of the tool that runs now, which is the one that install found, is older than the tool or newer. */
bool freshen_is_due(const struct self *self, const char *name, const char *real, const struct resolution *found);

#endif
