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

enum ends_answer {
	ENDS_WATCHED,
	ENDS_NO_ROOM,    /* later there may be some */
	ENDS_NO_PROCESS, /* it has ended, or is none */
};

/* Opens run->end, if the end of this run can be told. */
enum ends_answer ends_watch(struct supervised *run);

/* Whether some are watched. */
bool ends_are_watched(void);

/* Whether there are descriptors for one more, if so many lines wait, and some are to be left. It is tried in any case if none is watched. */
bool ends_have_room(size_t lines, size_t left);

/* Closes run->end, if it is watched. */
void ends_forget(struct supervised *run);

/* Calls visit for one that has ended. False if there is none. */
bool ends_take(void (*visit)(struct supervised *run));

void ends_close(void);

#endif
