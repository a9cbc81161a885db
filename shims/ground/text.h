/* Texts made of parts: paths, variables, messages. libc's printf would be a tenth of the launcher. */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Does what snprintf does: writes no more than room - 1 bytes and a NUL, and returns how long the whole text is. It knows %s, %.*s, %c, %d,
 * %u, %x and %%, with l, ll and j, and a width of zeros (%016x); and %g of what is not negative, without an exponent.
 * test/contract/formats reads all formats. */
int text_put(char *to, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
int text_put_list(char *to, size_t room, const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));

/* What stands behind the first place within length bytes of text that holds part; NULL if it is nowhere. */
char *text_behind(const char *text, size_t length, const char *part);

#endif
