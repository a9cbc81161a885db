/* Text that others wrote, such as the name of a file: it is not to move a terminal's cursor, to colour what follows, to turn it
 * around, or to look like another line. src/ground/visible.ts is the same in TypeScript. */
#ifndef VISIBLE_H
#define VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes length bytes of text, with all that a terminal does not show as it stands as \x1b and the like, and a NUL. What has no
 * room in size is left out. Returns the length. */
size_t visible(char *to, size_t size, const char *text, size_t length);

/* Whether all of it is UTF-8. */
bool visible_is_utf8(const char *text, size_t length);

#endif
