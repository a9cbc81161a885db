/* What Node can't: start a program with some of 0, 1 and 2 closed, where it has opened /dev/null, and tell a death by a real-time signal
 * from an end with status 0. */
#ifndef STARTER_H
#define STARTER_H

#include <stdbool.h>

#define STARTER_NAME "jobshim-start" /* that of our process (src/toolchain/clients.ts), by which those below know us */

struct self;

/* `launcher --start FD CLOSED PROGRAM ARGS`: starts the program, found on PATH as execvp() finds it, without the descriptors in CLOSED
 * (02), and ends as it did. What happens is told on FD, a line each: `pid N`, then `signal N` where one ends it; or `error ERRNO` where
 * it can't be started. */
bool starter_work(const struct self *self, char *const words[]);

#endif
