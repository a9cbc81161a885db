/* What files were found to be: a build starts the same ones again and again. */
#ifndef VERDICTS_H
#define VERDICTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum verdict {
	UNKNOWN, /* there is no entry */
	NO_TOOL,
	LAUNCHER, /* of a shim dir: no tool either */
	TOOL,        /* by the name of its file */
	BEHIND_SHIM, /* a shim leads to it, but its own name is no tool's: the name that it is called by decides */
};

/* Which file it is. With ctime: an inode is used again, and a compiler may be written over. */
struct file_key {
	dev_t device;
	ino_t inode;
	struct timespec changed;
	uint64_t mount; /* by which it was reached; 0: not known */
	bool has_one_name;
};

/* A file, and what it was found to be. */
struct file {
	struct file_key key;
	enum verdict verdict;
	uint64_t name; /* NO_TOOL: a hash of its name when that was found; by a link or a mount it may have another one */
	bool is_judged; /* behind a shim, and of one name, which is no adapter's: as long as it has not changed nothing else can be found */
	char family[16];
};

/* False if the path can't be followed. */
bool file_key_read(const char *path, struct file_key *key);

/* Where it is, or may be noted. */
struct file *verdict_place(const struct file_key *key);

/* Whether what is there is of that file. */
bool verdict_is_of(const struct file *file, const struct file_key *key);

/* What it was found to be, if it has the same name still: a link gives it another one, and so does a mount. Else NULL. */
const struct file *verdict_by_one_name(const struct file_key *key);

struct file *verdict_note(const struct file_key *key, enum verdict verdict, const char *family);

#endif
