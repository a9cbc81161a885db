/* Tools that run below a process: how long those in a slot ran, and which have none. */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>
#include <sys/types.h>

struct jobserver;
struct ledger;
struct self;

/* The pool whose slots count. */
struct past_pool {
	const char *address;               /* empty where it is not ours to say */
	const struct jobserver *jobserver; /* NULL: it is not known */
	const struct ledger *ledger;       /* of a pool of ours; else NULL */
};

/* Finds the pool that a tool started here would use, and lets go of it: it can only be compared. */
bool past_pool_around(struct jobserver *jobserver, const char **why);

/* Begins to watch what runs below root; one watch for each process of ours. file: where past_write puts what was seen; NULL: a line
 * on stdout, for people, when a kind is seen for the first time. What pool and file point to is kept, not copied. False, with a
 * report, where the names of the shims can't be read. */
bool past_begin(const char *shim_dir, pid_t root, const struct past_pool *pool, const char *file);

/* One look. Returns in how many ms the next one is due. */
int past_look(pid_t root);

/* Nothing runs any more: judges what is left. */
void past_end(void);

/* Writes what was seen so far, as it also does once a second. The file has, each ended by a NUL: the jobserver's address;
 * milliseconds that were watched, of tools in a slot, and of others; runs in a slot that were seen, of a shim's doing and others; how
 * many kinds of tools without a slot there are, and for each the tool, who started it, the reason by its name, where it worked, runs, milliseconds;
 * then of the slowest runs the tool, the file that it was about, milliseconds. False on error. */
bool past_write(void);

/* Who asked for the watch is gone: from now on it makes no directory that somebody has removed. */
void past_alone(void);

/* Watches until the process words[0] has ended or a signal comes, and prints lines for people. False, with a report, where that
 * can't be done. */
bool past_tell(const struct self *self, char *const words[]);

#endif
