/* What Node can't: start a program with some of 0, 1 and 2 closed, where it has opened /dev/null, and tell a death by a real-time signal
 * from an end with status 0. */
#ifndef STARTER_H
#define STARTER_H

#include <stdbool.h>

enum { STARTER_ERROR = 64 }; /* behind all signals (src/launcher/foreground.ts) */

struct self;

/* `look start FD CLOSED PROGRAM ARGS`: starts the program, found on PATH as execvp() finds it, without the descriptors in CLOSED
 * (02), and ends as it did. FD is any file of at least 256 bytes, whose offset both have: so many bytes before its end we leave that as
 * the signal that ended the program has, or as STARTER_ERROR and the errno are where it can't be started. */
bool starter_work(const struct self *self, char *const words[]);

#endif
