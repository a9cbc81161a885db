#include "tool/note.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/links.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/shimfile.h"

static const char BEGINNING[] = "\njobshim ";

/* As realpath() has it, which asks about each part of the path; the path itself if it can't be told. */
static const char *real_path(const char *path)
{
	const int fd = open_high(path, O_PATH);
	const char *target = NULL;
	char link[32];

	if (fd >= 0) {
		text_put(link, sizeof link, "/proc/self/fd/%d", fd);
		target = link_target(AT_FDCWD, link);
		close(fd);
	}
	return target == NULL ? path : target;
}

bool note_write(struct note *note, const char *shim_dir, const char *name, const struct stat *launcher, const char *real,
                const struct stat *status)
{
	const char *path = real == NULL ? "" : real_path(real);
	int length = text_put(note->line, NOTE_LINE, "%s%016" PRIx64 " %" PRIdMAX " %" PRIdMAX ".%09ld %" PRIdMAX ".%09ld ",
	                      BEGINNING, hash(HASH_OF_NOTHING, path, strlen(path)), (intmax_t)status->st_size,
	                      (intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec, (intmax_t)launcher->st_mtim.tv_sec,
	                      launcher->st_mtim.tv_nsec);

	if (length < 0 || length >= NOTE_LINE)
		length = 0;
	memset(note->line + length, '.', NOTE_LINE - (size_t)length - 1);
	note->line[NOTE_LINE - 1] = '\n';
	memset(note->file, '\0', sizeof note->file);
	length = text_put(note->file, sizeof note->file, "%s/.jobshim/bin/%s", shim_dir, name);
	return length > 0 && length < (int)sizeof note->file;
}

bool note_read(int fd, struct note *note)
{
	struct stat status;
	ssize_t length;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof *note)
		return false;
	length = RETRY(pread(fd, note, sizeof *note, status.st_size - (off_t)sizeof *note));
	return length == (ssize_t)sizeof *note && memcmp(note->line, BEGINNING, strlen(BEGINNING)) == 0 &&
	       note->line[NOTE_LINE - 1] == '\n' && note->file[sizeof note->file - 1] == '\0' && is_launcher(note->file);
}

const char *note_file(const char *path)
{
	const int fd = open_high(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct note note;
	const bool noted = fd >= 0 && note_read(fd, &note);

	if (fd >= 0)
		close(fd);
	return noted ? arena_copy(note.file, strlen(note.file)) : NULL;
}
