/* Tools below a tool that has a slot, their host. The first of them is in the host's slot, as its guest, and no lock tells it: nearly all
 * tools start one tool after another, as gcc does with as and ld. Once two are to run at once, the host is shared: its guest gets the lock
 * that it would have below a launcher, and what comes from then on looks for its slot as it would there: one tool at a time is in the host's,
 * others have one of a client between, or take tokens. */
#ifndef GUESTS_H
#define GUESTS_H

#include <stdbool.h>
#include <sys/types.h>

struct lines;
struct pool;
struct self;
struct started;
struct subject;
struct supervised;

/* What a tool comes into as it starts. What this leads to must stay. */
struct arrival_into {
	struct lines *lines;
	struct pool *pool;
	const struct self *self;
	int listener;
};

/* A tool has started below the host. True if it is its guest now, and may go on. False if it has to look for a slot. */
bool guests_enter(struct lines *lines, struct supervised *host, const struct started *started, const struct subject *subject);

/* The same for a run. True if it has its slot. False if it has to wait for one: whose it has is found out. */
bool guests_let_in(const struct arrival_into *into, struct supervised *host, struct supervised *run);

/* From now on a lock tells who is in the host's slot. */
void guests_share(const struct arrival_into *into, struct supervised *host);

/* Whether the tool's slot is still one: neither it has ended, nor who it is in. */
bool guests_are_below(const struct supervised *host);

#endif
