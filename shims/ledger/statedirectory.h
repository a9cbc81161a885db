/* The directory for what launchers keep, which only we can enter: jobshim-UID in XDG_RUNTIME_DIR, else in /run/user/UID, else in /tmp. */
#ifndef STATEDIRECTORY_H
#define STATEDIRECTORY_H

#include <stdbool.h>

/* Opens it, and makes it if it is missing and make is set. If another user could replace the directory that is named, the
 * next one counts; if another user has taken its name, it gets a longer one. -1 on error, with *why set for people. */
int state_directory_open(bool make, const char **why);

#endif
