/* Programs of which it can't be told whether they are tools: they ran without a slot. */
#ifndef UNKNOWN_H
#define UNKNOWN_H

#include <stdbool.h>
#include <stddef.h>

enum { UNKNOWN_LINE = 128 };

/* There is one more. name: by which it was called, if that is known. */
void unknown_note(const char *name);

/* Puts the line for `run`: "unknown COUNT NAME\n", of the first one. False if there are none. */
bool unknown_tell(char *line, size_t size);

/* Tells the user. */
void unknown_report(void);

#endif
