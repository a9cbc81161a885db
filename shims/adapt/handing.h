/* A program that finds no jobserver, and is handed one all the same: the machine's pool. */
#ifndef HANDING_H
#define HANDING_H

#include <stdbool.h>

struct adapter;
struct jobserver;

/* Whether that program runs several things at once, and would take slots for them. join: also if it has a -jN of its own. */
bool handing_suits(const struct adapter *adapter, bool join, char *argv[]);

/* The "MAKEFLAGS=..." that names the jobserver, with what else is said there now. NULL if there is no room. */
char *handing_flags(const struct jobserver *jobserver);

#endif
