/* The note at the end of a shim's file, after the launcher's bytes: the program that it stands for, and its own place. So the file changes
 * with its program, and a copy of it is known wherever it lies. All notes have one size, by which a shim's file is told from other
 * programs. */
#ifndef NOTE_H
#define NOTE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { NOTE_LINE = 128 };

struct note {
	char line[NOTE_LINE]; /* the program's place, size and mtime, and the launcher's mtime */
	char file[PATH_MAX];  /* DIR/.jobshim/bin/NAME, NULs behind it */
};

/* real: the tool's path, with its status; NULL if there is no tool now. False if the path is too long. */
bool note_write(struct note *note, const char *shim_dir, const char *name, const struct stat *launcher, const char *real,
                const struct stat *status);

/* Reads the note of an open file. False if there is none. */
bool note_read(int fd, struct note *note);

/* The shim whose file path is a copy of, or a hard link to; NULL for any other file. */
const char *note_file(const char *path);

#endif
