/* ccache, distcc, icecc, sccache: programs that start the compiler for a build (src/contract/wrappers.ts). */
#ifndef WRAPPER_H
#define WRAPPER_H

#include "contract.h"

struct jobserver;
struct self;

/* The wrapper that path is, or that its symlinks lead to (/usr/lib/ccache/gcc). NULL for any other program. */
const struct wrapper *wrapper_of(const char *path);

/* The place of the compiler in argv of a wrapper that was called by its own name: `ccache gcc`. argv itself if it names none,
 * or if the wrapper was called by a compiler's name. A shim's path becomes its plain name, since the wrapper would take the
 * shim for the compiler. */
char **wrapper_compiler(const struct wrapper *wrapper, const struct self *self, char **argv);

/* The "VARIABLE=..." that puts our launcher in front of what the wrapper starts, before the words that stand there by the
 * environment, else by its own config. NULL if that can't be said: it splits them at spaces, and so can't have one in
 * the shim dir's path. */
char *wrapper_prefix(const char *variable, const char *configured, const struct self *self);

/* Hides the jobserver from what is started next: a server that stays would keep a make waiting for its pipe's end, and be
 * taken for what a killed client left behind. */
void wrapper_hide_jobserver(const struct jobserver *jobserver);

#endif
