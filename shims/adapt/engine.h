/* `launcher: distcc`: an engine that runs the real tool, here or on other machines. */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>

struct resolution;

/* Whether tools of this family may run below an engine: it knows compilers only. */
bool engine_takes(const char *family);

/* The argv that runs the real tool below the engine, a name or an absolute path: its path, the tool, the tool's arguments. NULL if there
 * is no such program on the tool's PATH, the tool is an engine already, or there is no room for it. */
char **engine_command(const struct resolution *real, const char *engine, char *const argv[]);

#endif
