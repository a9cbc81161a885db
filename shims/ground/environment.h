/* The environment that the tool gets: ours, changed. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdbool.h>

extern char **environ;

/* Puts assignment ("NAME=value") into the environment. False if there is no memory for a further one. */
bool environment_put(char *assignment);

/* Takes the variable out of it. */
void environment_remove(const char *name);

/* The environment that we were started with, whatever was changed since. */
char **environment_received(void);

/* What ENV_HOPS has behind its number if the last launcher found no slot. */
#define HOPS_OVERDRAFT " overdraft"

#endif
