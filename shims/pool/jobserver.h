/* The jobserver a tool run obeys, opened by us: our own open file descriptions, non-blocking and close-on-exec. Where they can't be
 * had, those that we inherited. */
#ifndef JOBSERVER_H
#define JOBSERVER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "pool/auth.h"

#define LEDGER_SUFFIX ".ledger" /* of a FIFO's path: its ledger lies there */

struct jobserver {
	int read_fd;
	int write_fd; /* the same as read_fd where accounts is set: an account may be one of open files */
	dev_t device;
	ino_t inode;
	bool named;   /* where none was opened: one was named, */
	bool denied;  /* is another user's, */
	bool another; /* and one was opened that is not it */
	bool accounts; /* neither a FIFO nor a pipe: only its server fills it, which knows who took what, and takes back what the dead had */
	bool socket;   /* one that we inherited: nothing can open it anew */
	bool own; /* named by JOBSHIM_JOBSERVER, or found through an ancestor `jobshim run` */
	const char *ledger; /* opens its ledger; NULL: it lies beside path, or in the state directory */
	const char *path; /* opens the same jobserver in any process of ours: a FIFO, or /proc/PID/fd/N; "": nothing does, it was inherited */
	int handed[2]; /* R and W of one that we inherited, by their own numbers */
	int way[2]; /* of an inherited pipe: another one, through which a token comes to us (see token.c) */
};

/* Whether R and W of auth were open when this process started, and both are the jobserver's. */
bool jobserver_inherited(const struct jobserver *jobserver, const struct auth *auth);

/* Opens its ends once more, blocking and inheritable, for what we start: one open file for both if its server keeps an account; of an
 * inherited one these are duplicates. False where that fails. */
bool jobserver_hand_over(const struct jobserver *jobserver, int *read_fd, int *write_fd);

/* Closes all that was opened of it. */
void jobserver_close(struct jobserver *jobserver);

/* Whether its descriptors are those that we inherited: it has no path. */
bool jobserver_is_inherited(const struct jobserver *jobserver);

/* Whether status is that of the jobserver's pipe, FIFO or device. */
bool jobserver_is(const struct jobserver *jobserver, const struct stat *status);

#endif
