/* The files of a shim dir, told by their paths: DIR/NAME is a symlink to DIR/.jobshim/bin/NAME, a copy of
 * DIR/.jobshim/launcher. In dirs of older versions it leads to that one itself. */
#ifndef SHIMFILE_H
#define SHIMFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* What a launcher becomes if it can't do all by itself (launcher/relay.h): `look` by another path, where launchers lie. So whoever looks at
 * its program takes it for one. */
#define LOOK_PLACE "/.jobshim/bin/look"

struct shim {
	char name[NAME_MAX + 1]; /* of its tool; empty: the launcher, by no shim */
	const char *dir;         /* DIR, as the path that led there has it, without an end; to be used at once (arena.h) */
	size_t dir_length;
	bool is_file;            /* it has one of its own */
	unsigned links;          /* followed to get there */
};

/* Whether path, without following symlinks, is that of a launcher in a shim dir, by itself or in a shim's file. */
bool is_launcher(const char *path);

/* The same of `look`, which lies beside the launcher and works for jobshim's own commands; and of either. */
bool is_look(const char *path);
bool is_of_shim_dir(const char *path);

/* Whether it is what a launcher becomes: its command line has LOOK_WORDS words, and then those of the launcher. The third is the name that
 * was started. */
enum { LOOK_NAME = 2, LOOK_WORDS = 5 };
bool is_relayed(const char *path);

/* Fills shim from the path of a launcher. False for any other. */
bool shim_at(const char *path, struct shim *shim);

/* Follows path link by link until a shim or a launcher is met. False if there is none on the way. */
bool shim_behind(const char *path, struct shim *shim);

#endif
