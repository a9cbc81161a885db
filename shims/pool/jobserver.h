/* The jobserver that a tool run obeys. We open it anew: our open file descriptions are non-blocking and close-on-exec. If that fails, we
 * use those that we inherited. */
#ifndef JOBSERVER_H
#define JOBSERVER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "pool/auth.h"

#define LEDGER_SUFFIX ".ledger" /* of a FIFO's path: its ledger lies there */

struct jobserver {
	int read_fd;
	int write_fd; /* the same as read_fd if accounts is set: the server may account by open file */
	dev_t device;
	ino_t inode;
	bool named;   /* if none was opened: one was named, */
	bool denied;  /* is another user's, */
	bool another; /* and one was opened that is not it */
	bool accounts; /* not a FIFO or pipe: only its server fills it, which accounts for takers and takes back what dead ones had */
	bool machine;  /* the machine's pool: who has no client above it has no slot there, but takes a token */
	bool socket;   /* an inherited one, which can't be opened anew */
	bool own; /* named by JOBSHIM_JOBSERVER, or found through an ancestor `jobshim run` */
	const char *ledger; /* opens its ledger; NULL: it lies beside path, or in the state directory */
	const char *path; /* opens the jobserver in any process of ours: a FIFO, or /proc/PID/fd/N; "": it was inherited, and has none */
	int handed[2]; /* R and W of one that we inherited, by their own numbers */
	int way[2]; /* for an inherited pipe: our own pipe, through which tokens come to us (see token.c) */
};

/* Whether R and W of auth were open when this process started, and both are the jobserver's. */
bool jobserver_inherited(const struct jobserver *jobserver, const struct auth *auth);

/* Opens its ends again, blocking and inheritable, for what we start: one open file for both if its server keeps an account; duplicates if
 * it was inherited. False on error. */
bool jobserver_hand_over(const struct jobserver *jobserver, int *read_fd, int *write_fd);

/* Closes all that was opened of it. */
void jobserver_close(struct jobserver *jobserver);

/* Whether its descriptors are those that we inherited: it has no path. */
bool jobserver_is_inherited(const struct jobserver *jobserver);

/* Whether status is that of the jobserver's pipe, FIFO or device. */
bool jobserver_is(const struct jobserver *jobserver, const struct stat *status);

#endif
