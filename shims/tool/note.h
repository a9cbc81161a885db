/* What stands behind the launcher's bytes in the file of a shim: which program it stands for, and where it lies itself. So the file
 * changes with its program, and a copy of it is known wherever it lies. One size for all: by it a shim's file is told from other
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

/* real: of the tool, with its status; NULL where there is none now. False for a path that is too long. */
bool note_write(struct note *note, const char *shim_dir, const char *name, const struct stat *launcher, const char *real,
                const struct stat *status);

/* Reads the note of an open file. False where there is none. */
bool note_read(int fd, struct note *note);

/* Of which shim's file path is a copy, or a hard link to it; NULL for any other file. */
const char *note_file(const char *path);

#endif
