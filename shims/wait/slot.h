/* A slot that a run has. */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>

#include "contract.h"

struct pool;
struct record;

struct slot {
	enum slot_kind kind; /* SLOT_NONE: the jobserver can't be read */
	unsigned char token; /* SLOT_TOKEN: the byte to give back */
	bool claimed;        /* SLOT_IMPLICIT: it is a token that the job's client holds for it */
};

/* Gives a token back. An implicit slot's lock stays with the run. If the server is gone, nothing needs to be given back. */
void slot_give_back(const struct slot *slot, const struct pool *pool, struct record *record);

#endif
