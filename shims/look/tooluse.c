#include "look/tooluse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "look/bypass.h"
#include "look/phases.h"
#include "look/toolruns.h"
#include "ground/file.h"
#include "ground/text.h"
#include "ground/trust.h"

static const uint64_t MS = 1000000; /* in nanoseconds */

static void print_number(FILE *out, uint64_t number)
{
	fprintf(out, "%llu%c", (unsigned long long)number, 0);
}

static void print_words(const struct tool_use *use, FILE *out)
{
	fprintf(out, "%s%c", use->jobserver, 0);
	print_number(out, (use->looked_ns - use->began_ns) / MS);
	print_number(out, use->governed_ns / MS);
	print_number(out, bypass_ns() / MS);
	print_number(out, use->launched);
	print_number(out, use->by_clients);
	bypass_print(out);
	phases_print(out);
	toolruns_print(out);
}

/* Makes a directory, and its parent, which existed before. */
static bool make(char *directory)
{
	char *slash = strrchr(directory, '/');

	if (mkdir(directory, 0700) == 0 || errno == EEXIST)
		return true;
	if (errno != ENOENT || slash == directory)
		return false;
	*slash = '\0';
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return false;
	*slash = '/';
	return mkdir(directory, 0700) == 0 || errno == EEXIST;
}

/* Opens the directory of the watch, and makes it in ours if needed. -1 if it is not ours: a user who can replace it could make us write
 * elsewhere. */
static int open_directory(char *path, bool is_wanted)
{
	static bool made;
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	struct stat status;
	int fd = open_high(path, flags);

	/* The old one was removed: by a sweep after the run, or during it. */
	if (fd < 0 && errno == ENOENT && (!made || is_wanted) && make(path)) {
		made = true;
		fd = trust_of_directory(path) == TRUSTED ? open_high(path, flags) : -1;
	}
	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077) != 0)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

static bool write_in(const struct tool_use *use, int directory, const char *name)
{
	char temporary[NAME_MAX];
	FILE *out;
	int fd;
	bool whole;

	if (text_put(temporary, sizeof temporary, "%s.new", name) >= (int)sizeof temporary)
		return errno = ENAMETOOLONG, false;
	fd = open_high_at(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	print_words(use, out);
	whole = ferror(out) == 0;
	return fclose(out) == 0 && whole && renameat(directory, temporary, directory, name) == 0;
}

bool tooluse_write(const struct tool_use *use, const char *file, bool is_wanted)
{
	const char *slash = strrchr(file, '/');
	char path[PATH_MAX];
	int directory;
	bool whole;

	if (slash == NULL || text_put(path, sizeof path, "%.*s", (int)(slash - file), file) >= (int)sizeof path)
		return errno = ENAMETOOLONG, false;
	directory = open_directory(path, is_wanted);
	if (directory < 0)
		return false;
	whole = write_in(use, directory, slash + 1);
	close(directory);
	return whole;
}
