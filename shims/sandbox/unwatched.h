/* Tool runs whose ends nobody waits for: each is in its caller's slot, has nothing to give back, and no line in a journal. That they are known
 * is for what they start. */
#ifndef UNWATCHED_H
#define UNWATCHED_H

#include <stdbool.h>

struct lines;
struct supervised;

/* There is one more of them. Forgets some that have ended. */
void unwatched_add(struct lines *lines);

/* Whether it is one that has ended, and whose number may be another process's by now. */
bool unwatched_has_ended(const struct supervised *run);

#endif
