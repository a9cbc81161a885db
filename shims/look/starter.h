/* For what Node can't do: start a program with some of 0, 1 and 2 closed, which Node opens as /dev/null, and tell a death by a real-time
 * signal from status 0. */
#ifndef STARTER_H
#define STARTER_H

#include <stdbool.h>

enum { STARTER_ERROR = 64 }; /* behind all signals (src/launcher/foreground.ts) */

struct self;

/* `look start FD CLOSED SANDBOX PROGRAM ARGS`: starts the program, found on PATH as by execvp(), without the descriptors in CLOSED (02), and
 * ends as it did. SANDBOX is the path of a supervisor's socket (handover.h): the program starts in that sandbox; empty: in none. FD is a file of at least 256 bytes, whose offset we share with our parent. If a signal ended the program, we leave the offset
 * that many bytes before the file's end; if it can't be started, STARTER_ERROR and errno bytes before it. */
bool starter_work(const struct self *self, char *const words[]);

#endif
