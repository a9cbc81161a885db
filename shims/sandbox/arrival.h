/* A tool that has just started: whether it needs a slot at all, and what it wants. */
#ifndef ARRIVAL_H
#define ARRIVAL_H

#include <stdbool.h>
#include <sys/types.h>

struct lines;
struct pool;
struct program;
struct started;
struct supervised;

/* What it comes into. What this leads to must stay. */
struct arrival_into {
	struct lines *lines;
	const struct pool *pool;
	int listener;
	pid_t above; /* the process that nothing of the build is above */
	const char *shim_dir;
};

/* A new run in these lines, which knows what it wants; is_free if its caller's slot is all that. NULL: it needs no slot, and has gone on. */
struct supervised *arrival_enter(const struct arrival_into *into, const struct started *started, struct program *program);

/* Lets it go on without a slot. */
void arrival_ungoverned(const struct arrival_into *into, const struct started *started, const struct program *program, const char *why);

/* Before it waits: what is remembered of its ancestors may be wrong by now. True if it waits for nothing, as a holder is above it. */
bool arrival_goes_on_below_holder(const struct arrival_into *into, struct supervised *run);

/* The same before it waits behind others: whose slot it has, too. */
void arrival_look_anew(const struct arrival_into *into, struct supervised *run);

#endif
