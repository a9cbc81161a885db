/* Takes a slot for one tool run and gives it back. */
#ifndef SLOT_H
#define SLOT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "wait/sleeper.h"

struct jobserver;
struct job;
struct record;

struct slot {
	int kind;           /* SLOT_TOKEN, SLOT_IMPLICIT, SLOT_OVERDRAFT; SLOT_NONE: the jobserver can't be read */
	unsigned char token; /* SLOT_TOKEN: the byte to give back */
	bool claimed;        /* of SLOT_IMPLICIT: it is a token that the job's client has for it */
	uint64_t waited_ns;
	struct sleeper place; /* kept, in the order of those who wait for the FIFO; epoll is -1 where there is none */
};

/* Takes one token or the job's implicit slot, whichever is free first, in order of arrival. Signals of waiting (the
 * mask to wait with) act while it waits and never once it holds a token. A deadlock ends after patience seconds (0 = for
 * ever) in an overdraft. keep_place: it stays where it is among those who wait, for further tokens. */
struct slot slot_take(const struct jobserver *jobserver, const struct job *job, struct record *record,
                      const sigset_t *waiting, double patience, bool keep_place);

/* Gives it back. The server may be gone: then there is nobody to give it to, which is fine. */
void slot_give_back(const struct slot *slot, const struct jobserver *jobserver, struct record *record);

#endif
