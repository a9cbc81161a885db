/* A watch over the tools that run below a process: how long those in a slot ran, and which have none. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct ledger;

/* The pool whose slots count. */
struct watch_pool {
	const char *address;               /* empty where it is not ours to say */
	const struct jobserver *jobserver; /* NULL: it is not known */
	const struct ledger *ledger;       /* of a pool of ours; else NULL */
};

/* Finds the pool that a tool started here would use, and lets go of it: it can only be compared. */
bool watch_pool_around(struct jobserver *jobserver, const char **why);

/* Begins to watch what runs below root; one watch for each process of ours. file: where watch_write puts what was seen (tooluse.h); NULL: a
 * line on stdout, for people, when a kind of tool without a slot is seen for the first time. What pool and file point to is kept, not
 * copied. False, with a report, where the names of the shims can't be read. */
bool watch_begin(const char *shim_dir, pid_t root, const struct watch_pool *pool, const char *file);

/* One look. Returns in how many ms the next one is due. */
int watch_look(void);

/* Nothing runs any more: judges what is left. */
void watch_end(void);

/* Writes what was seen so far, as watch_look also does once a second. False on error. */
bool watch_write(void);

/* Nobody waits for the file any more: from now on no directory is made again that somebody has removed. */
void watch_unwanted(void);

#endif
