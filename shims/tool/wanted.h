/* DIR/.jobshim/wanted: which tools `jobshim install` is to make shims for, also those that were not there. Flat lines, key=value. */
#ifndef WANTED_H
#define WANTED_H

#include <stdbool.h>

/* Calls visit for each line. What it gets stays. False, without a call, if it is not known: older versions wrote none. */
bool wanted_each(const char *shim_dir, void (*visit)(const char *key, const char *value));

#endif
