/* Lines for people about tools that take no slot, for Portage's log. */
#ifndef BYPASSLINES_H
#define BYPASSLINES_H

#include <stdbool.h>

struct self;

/* Watches until the process words[0] has ended or a signal comes, and prints a line for each kind. False, with a report, where that
 * can't be done. */
bool bypasslines_print(const struct self *self, char *const words[]);

#endif
