/* Asks a program something by starting it. */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stddef.h>

/* Runs the program at path, silently, and keeps the beginning of what it prints in text, of size bytes. False where it
 * can't be started, fails, or has not ended after five seconds. */
bool ask(const char *path, char *const argv[], char *const environment[], char *text, size_t size);

#endif
