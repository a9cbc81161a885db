/* Watches the tools below a process: how long those in a slot ran, and which have no slot. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct ledger;

/* The pool whose slots count. */
struct watch_pool {
	const char *address;               /* empty if the pool is not our own */
	const struct jobserver *jobserver; /* NULL: it is not known */
	const struct ledger *ledger;       /* of a pool of ours; else NULL */
	const struct ledger *sandboxed;    /* in which a supervisor notes the tools of a sandbox; NULL: nobody does */
};

/* Finds the pool that a tool started here would use, and closes it again: the result can only be compared. ledger: is opened, if it is there;
 * NULL: it is not wanted. */
bool watch_pool_around(struct jobserver *jobserver, struct ledger *ledger, const char **why);

/* Begins to watch the tools below root; each process has one watch. file: for the results (tooluse.h); NULL: a line on stdout, for people,
 * for each new kind of tool without a slot. pool and file must stay valid. False, with a report, if the names of the shims can't be read.
 * */
bool watch_begin(const char *shim_dir, pid_t root, const struct watch_pool *pool, const char *file);

/* Looks once. Returns in how many ms the next look is due. */
int watch_look(void);

/* Call it when nothing runs any more: judges the remaining runs. */
void watch_end(void);

/* Writes the results so far, as watch_look also does once a second. False on error. */
bool watch_write(void);

/* Nobody waits for the file any more: from now on a directory that was removed is not made again. */
void watch_unwanted(void);

#endif
