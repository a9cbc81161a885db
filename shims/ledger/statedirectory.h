/* The directory for what launchers keep, which only we can enter: ${XDG_RUNTIME_DIR:-/tmp}/jobshim-UID. */
#ifndef STATEDIRECTORY_H
#define STATEDIRECTORY_H

#include <stdbool.h>

/* Opens it, and makes it if it is missing and make is set. If another user could replace the directory that is named, it is made below
 * /tmp; if another user has taken its name, it gets a longer one. -1 on error, with *why set for people. */
int state_directory_open(bool make, const char **why);

#endif
