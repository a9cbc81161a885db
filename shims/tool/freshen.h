/* DIR/.jobshim/bin/NAME, the file that a shim leads to: the launcher, and behind it a line that tells which program the tool
 * is. It has that program's mtime. So who watches a compiler's file (cargo, SCons, ccache), by its mtime or by what is in it,
 * sees another one where the compiler was replaced. */
#ifndef FRESHEN_H
#define FRESHEN_H

#include <stdbool.h>

struct resolution;
struct self;

/* Makes the files of all shims that a tool file names what they must be, for install. False, with errno, for the first one that
 * can't be written. */
bool freshen_all(const struct self *self);

/* The same where the mtimes tell of a change; what can't be written stays as it is. */
void freshen_changed(const struct self *self);

/* That of one tool, where it is the one that install found. */
void freshen_tool(const struct self *self, const char *name);

/* Of the tool that runs now, if that is the one that install found: costs nothing where nothing changed. */
void freshen_own(const struct self *self, const char *name, const char *real, const struct resolution *found);

#endif
