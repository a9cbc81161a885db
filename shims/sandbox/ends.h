/* The ends of tool runs, which the kernel tells. */
#ifndef ENDS_H
#define ENDS_H

#include <stdbool.h>
#include <stddef.h>

struct supervised;

/* False, with errno, if they can't be had. */
bool ends_open(void);

/* Can be read when a run has ended. */
int ends_descriptor(void);

/* Opens run->end. False if the end of this run can't be told. */
bool ends_watch(struct supervised *run);

/* Whether some are watched. */
bool ends_are_watched(void);

/* Whether there are descriptors for one more, if so many lines wait, and some are to be left. It is tried in any case if none is watched. */
bool ends_have_room(size_t lines, size_t left);

/* Closes run->end, if it is watched. */
void ends_forget(struct supervised *run);

/* Calls visit for some that have ended. False if there is none. */
bool ends_take(void (*visit)(struct supervised *run));

void ends_close(void);

#endif
