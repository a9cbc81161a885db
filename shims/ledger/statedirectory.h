/* The directory for what launchers keep, which only we can enter: ${XDG_RUNTIME_DIR:-/tmp}/jobshim-UID. */
#ifndef STATEDIRECTORY_H
#define STATEDIRECTORY_H

#include <stdbool.h>

/* Opens it. One that is missing is made if make is set: below /tmp if another user could put something in the place of the one that
 * is named; with a longer name if another user has taken that. -1, with *why set for people, where that can't be. */
int state_directory_open(bool make, const char **why);

#endif
