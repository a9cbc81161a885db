/* A process on the way from the root of a build to a tool. */
#ifndef ANCESTOR_H
#define ANCESTOR_H

#include <stdbool.h>

#include "proc/process.h"

enum client_state { CLIENT_UNKNOWN_YET, CLIENT_NONE, CLIENT_LAUNCHER, CLIENT_OTHER };

struct ancestor {
	struct process process;
	struct ancestor *above;   /* NULL: it is the root */
	enum client_state client; /* whether it is a client of the pool */
	bool adopts;              /* it is above the build, and has adopted the processes below it */
	bool slot_is_used;        /* the slot of the job that it is has been used by a tool that no launcher started */
};

#endif
