/* GOFLAGS: by its -toolexec go has the launcher start each compiler, assembler and linker. */
#ifndef GOFLAGS_H
#define GOFLAGS_H

#include <stdbool.h>

/* The "GOFLAGS=..." with which the go at path starts its tools through the launcher of shim_dir; what flags there are stay,
 * and a -toolexec among them is started by ours. NULL if GOFLAGS stay as they are: *governed tells whether they do so
 * already, or can't say it. */
char *goflags_with_launcher(const char *path, const char *shim_dir, bool *governed);

/* Whether go's command line has a -toolexec that is none of ours, which wins over GOFLAGS. */
bool goflags_overridden(char *const argv[]);

#endif
