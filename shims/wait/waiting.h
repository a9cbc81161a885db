/* What a step of a wait needs before the next one (acquire.h). */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct waiting {
	bool token;      /* it waits for a token, at the jobserver's read end */
	int call;        /* or for a call at this socket by another waiter; -1: there is none */
	int end;         /* or for this descriptor, which polls readable as a process ends or sends something; -1: none */
	uint64_t due_ns; /* or until this time, CLOCK_MONOTONIC; UINT64_MAX: never */
};

#endif
