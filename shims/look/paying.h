/* A payer's own work (payer.h starts one). */
#ifndef PAYING_H
#define PAYING_H

#include <stdbool.h>

struct self;

/* Is one: words are the client's pid, its start time, and the launchers above it. Writes a byte to stdout when it has the slot, or nothing is left to pay. */
bool payer_work(const struct self *self, char *const words[]);

#endif
