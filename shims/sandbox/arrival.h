/* A tool that has just started: whether it needs a slot at all, and what it wants. */
#ifndef ARRIVAL_H
#define ARRIVAL_H

#include <stdbool.h>
#include <sys/types.h>

struct arrival_into; /* guests.h */
struct program;
struct started;
struct supervised;

/* A new run in these lines, which knows what it wants; is_free if its caller's slot is all that. NULL: it needs no slot, and has gone on. */
struct supervised *arrival_enter(const struct arrival_into *into, const struct started *started, struct program *program);

/* A launcher, which finds its job itself: if a tool with a slot is above it, a lock tells from now on who is in that. */
void arrival_of_launcher(const struct arrival_into *into, const struct started *started);

/* Lets it go on without a slot. */
void arrival_ungoverned(const struct arrival_into *into, const struct started *started, const struct program *program, const char *why);

/* Before it waits: what is remembered of its ancestors may be wrong by now. The tool with a slot that is above it all the same; NULL: none is. */
struct supervised *arrival_host(const struct arrival_into *into, struct supervised *run);

/* The same before it waits behind others: whose slot it has, too. */
void arrival_look_anew(const struct arrival_into *into, struct supervised *run);

#endif
