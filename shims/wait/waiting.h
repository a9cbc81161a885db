/* What a step of a wait needs before the next one (acquire.h). */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct waiting {
	bool token;      /* a token, at the jobserver's read end */
	int call;        /* or a socket by which another waiter wakes it, -1: there is none */
	int end;         /* or a descriptor that polls readable as a process ends, or tells something; -1: none */
	uint64_t due_ns; /* or this moment, CLOCK_MONOTONIC; UINT64_MAX: never */
};

#endif
