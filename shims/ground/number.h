/* Numbers as text: those that another process has written for us, and those that we write without printf. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a text that is a whole number and nothing else, of decimal digits, and no more than most. False, with *number as it was, for any
 * other one. */
bool number_read(const char *text, uint64_t most, uint64_t *number);

/* The number that a text begins with, behind blanks, in a base of at most 16 with small letters; *text is then what stands behind it. 0 if
 * there is none, UINT64_MAX if it does not fit. */
uint64_t number_scan(const char **text, unsigned base);

/* The decimal one, which may be negative. One that does not fit is as large as can be. */
long number_first(const char *text);

/* The number that text is, digits and a decimal point and no more; else otherwise. libc's strtod would be a twentieth of
 * the launcher. */
double decimal_read(const char *text, double otherwise);

enum { NUMBER_DIGITS_MAX = 20 }; /* of one of 64 bits */

/* Writes the decimal digits of a number, at most NUMBER_DIGITS_MAX, and a NUL. Returns the NUL's place. */
char *number_put(char *at, uint64_t number);

#endif
