/* What a tool's arguments tell about the run. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>

/* Whether the run does no work worth a token: it prints its version, or has no input (DESIGN 4.3). */
bool arguments_are_probe(const char *family, char *const argv[]);

#endif
