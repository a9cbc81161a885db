/* Lines about tools that take no slot, for Portage's log. */
#ifndef BYPASSLINES_H
#define BYPASSLINES_H

#include <stdbool.h>

struct self;

/* Watches until the process words[0] ends or a signal comes, and prints a line for each kind. False, with a report, on error. */
bool bypasslines_print(const struct self *self, char *const words[]);

#endif
