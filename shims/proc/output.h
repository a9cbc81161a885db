/* What a program prints. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Runs the program at path, without its stderr, and keeps the beginning of its stdout in text, of size bytes with a NUL. False if it can't
 * be started, fails, or has not ended after five seconds. */
bool output_of(const char *path, char *const argv[], char *const environment[], char *text, size_t size);

#endif
