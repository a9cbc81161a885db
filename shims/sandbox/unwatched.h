/* Tool runs whose ends nobody waits for: each is in its caller's slot, has nothing to give back, and no line in a journal. That they are known
 * is for what they start. */
#ifndef UNWATCHED_H
#define UNWATCHED_H

#include <stdbool.h>

struct lines;
struct supervised;

/* The run is one of them. Forgets some that have ended, or this one if there is little room. */
void unwatched_add(struct lines *lines, struct supervised *run);

/* Whether it is one that has ended, and whose number may be another process's by now. */
bool unwatched_has_ended(const struct supervised *run);

#endif
