/* Whether a tool runs in a slot of the pool. */
#ifndef GOVERNED_H
#define GOVERNED_H

#include <stdbool.h>
#include <sys/types.h>

struct ancestor;
struct jobserver;
struct ledger;
struct surroundings;

/* The pool, and its ledger: NULL where they are not known. To be called once, before the others. */
void governed_begin(const struct jobserver *jobserver, const struct ledger *ledger);

/* Whether it is a launcher, or a copy of a shim's file that stands for its tool by itself: that one has any path. */
bool governed_is_launcher(pid_t pid, const char *path);

/* Whether a launcher has become the tool, or the parent of it: no process above has come so far down. */
bool governed_launched(const struct ancestor *tool, const struct surroundings *surroundings);

/* Whether a launcher stands above it, by its environment. */
bool governed_below_launcher(const struct surroundings *surroundings);

/* Whether the tool runs in a slot. Each job has one; what a launcher has started in its place is the tool, or stands for it. */
bool governed_has_slot(struct ancestor *tool, const struct surroundings *surroundings);

#endif
