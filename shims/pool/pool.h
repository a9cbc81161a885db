/* A pool that this process uses: its jobserver, its ledger, and the locks that runs of this process have on it. */
#ifndef POOL_H
#define POOL_H

#include "pool/locks.h"

struct jobserver;
struct ledger;

struct pool {
	const struct jobserver *jobserver;
	struct ledger *ledger;
	struct locks locks;
};

#endif
