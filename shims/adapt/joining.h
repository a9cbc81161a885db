/* Whether a program joins our jobserver by the flags in its environment, and what those must say for it. */
#ifndef JOINING_H
#define JOINING_H

#include <stdbool.h>

struct adaption;
struct auth;
struct jobserver;

/* Whether the program's version knows fifo:. */
bool joining_speaks_fifo(const struct adaption *adaption);

/* Whether auth is a path that leads to the jobserver. */
bool joining_names(const struct auth *auth, const struct jobserver *jobserver);

/* Whether auth is the path that JOBSHIM_JOBSERVER has for our jobserver, and leads nowhere here: its directory is hidden. */
bool joining_is_hidden(const struct auth *auth, const struct jobserver *jobserver);

/* Whether a client that knows both styles joins our jobserver by auth, as it stands there. */
bool joining_as_it_is(const struct adaption *adaption, const struct auth *auth);

/* Whether auth is that of our jobserver, be its descriptors open or closed here: of closed ones a client above may tell. */
bool joining_means(const struct adaption *adaption, const struct auth *auth);

/* Whether jobshim has made our pool: without it a client would find none. */
bool joining_is_jobshims(const struct jobserver *jobserver);

/* Whether a client that finds auth in flags joins our jobserver. Makes it so if it can, by an assignment of the flags: an old client, and one
 * whose R,W lead nowhere, get descriptors of our own. */
bool joining_by_flags(struct adaption *adaption, const char *flags, const struct auth *auth);

/* Has the client find our jobserver by a path in flags, in place of auth; by our own descriptor if the path has blanks, since it knows no
 * backslashes. False if the jobserver has no path, or there is no room. */
bool joining_by_path(struct adaption *adaption, const char *flags, const struct auth *auth);

#endif
