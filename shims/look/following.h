/* Whoever started us waits at our stdout, a pipe, until we tell something there. */
#ifndef FOLLOWING_H
#define FOLLOWING_H

#include <stdbool.h>

/* While it follows, this process ends as soon as the starter does, by the pipe's SIGIO. False if that can't be had, or the starter is gone. */
bool following_set(bool follows);

#endif
