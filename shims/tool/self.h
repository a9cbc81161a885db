/* The launcher's own file, and the shim that it was started by. */
#ifndef SELF_H
#define SELF_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* The installed launcher this process runs from. */
struct self {
	dev_t device;         /* of its file */
	ino_t inode;
	off_t size;
	struct timespec mtime;
	uid_t user;
	bool is_file;         /* it is the file of a shim, for one tool */
	bool by_link;         /* a link to a shim was started */
	const char *shim_dir; /* empty if the launcher is not in a DIR/.jobshim */
	char *name;           /* the tool whose shim was started, by whatever links; empty: no shim's file was started */
	const char *path;     /* of the launcher's file; empty if only /proc has led to it */
};

void self_find(struct self *self);

/* The same for `look`: fills self with the launcher that lies beside our own program. */
void self_find_beside(struct self *self);

/* The same for a `look` that goes on for a launcher: what self_find() found there, handed over in these words. */
enum { SELF_WORDS = 3, SELF_MARKS = 8 };
void self_handed(struct self *self, char *const words[SELF_WORDS]);

/* Fills words for it; tool: the name that was started. marks has room for one of them. */
void self_hand_over(const struct self *self, char *tool, char marks[SELF_MARKS], char *words[SELF_WORDS]);

/* The shim whose file our own program is a copy of, in another place; NULL for any other program. */
const char *self_copied(void);

#endif
