/* How a listener comes from the process that enters the sandbox to its supervisor: through a socket that has a name in a directory. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>

/* Opens the socket at path, for handover_take(). -1 with errno. */
int handover_open(const char *path);

/* Takes the listener that one process of this user hands over. -1 if it was none. *entrant: can be read when that process has ended; -1 if
 * it can't be watched. */
int handover_take(int socket, int *entrant);

/* Enters the sandbox of the supervisor whose socket is at path: from now on this process, and what descends from it, reports each program
 * that starts. False, with errno: nothing has changed then, but maybe no_new_privs. */
bool handover_enter(const char *path);

#endif
