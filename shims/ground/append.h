/* Files to which processes append lines beside each other, at a place that a variable names: the journal, the log. */
#ifndef APPEND_H
#define APPEND_H

#include <stdbool.h>
#include <stddef.h>

/* Opens, or makes, the regular file at an absolute path, as open_high() does. -1 if it is something else, or another user could choose
 * what it is; *why says it then. */
int append_open(const char *path, const char **why);

/* Appends a line, its newline with it, in one write. False, with errno, if nothing could be written. */
bool append_line(int fd, const char *line, size_t length);

#endif
