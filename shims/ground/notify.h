/* Tells the service manager that a server is ready (sd_notify(3)). */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>

/* Sends state to NOTIFY_SOCKET. False, with errno, if that fails; true if there is none. */
bool notify(const char *state);

#endif
