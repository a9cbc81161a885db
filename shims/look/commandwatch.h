/* Watches the tools of a command that a process has started, or has become. */
#ifndef COMMANDWATCH_H
#define COMMANDWATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct self;

/* Stays with the process until it has ended. */
void commandwatch_stay(pid_t root);
bool commandwatch_stays(void);

/* Readable when it has ended; -1: its end can't be watched. */
int commandwatch_ended(void);

/* Watches the tools below the process, and writes the results, and the jobserver's address, to the file. */
void commandwatch_begin(const struct self *self, const char *file, const char *address);

/* One look, to be called at that time (CLOCK_MONOTONIC; NEVER: there is none). */
void commandwatch_step(uint64_t now);
uint64_t commandwatch_due_ns(void);

/* Ends the watch, and writes the results. */
void commandwatch_end(void);

#endif
