/* Patterns of paths, as rules have them (src/config/path-pattern.ts). */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>

/* Whether the pattern stands for the path: * is any text without a slash, and **, in place of a directory, any number of directories. */
bool pattern_matches(const char *pattern, const char *path);

#endif
