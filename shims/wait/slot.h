/* A slot that a run has. */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>

#include "contract.h"

struct pool;
struct record;

struct slot {
	enum slot_kind kind; /* SLOT_NONE: there is none, since the jobserver can't be read */
	unsigned char token; /* SLOT_TOKEN: the byte to give back */
	bool claimed;        /* of SLOT_IMPLICIT: it is a token that the job's client has for it */
};

/* Gives it back, but for an implicit one, whose lock the run still has. The server may be gone: then there is nobody to give it to,
 * which is fine. */
void slot_give_back(const struct slot *slot, const struct pool *pool, struct record *record);

#endif
