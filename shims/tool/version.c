#include "tool/version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/output.h"

enum { KEPT_MAX = 256 };

/* The first number of text and what stands behind its point: "GNU Make 4.3", "1.13.2". */
static bool parse(const char *text, struct version *version)
{
	const char *digit = strpbrk(text, "0123456789");
	const char *dot;

	if (digit == NULL)
		return false;
	dot = digit + strspn(digit, "0123456789");
	version->major = number_first(digit);
	version->minor = *dot == '.' ? number_first(dot + 1) : 0;
	return true;
}

static bool probe(const char *path, struct version *version)
{
	extern char **environ;
	char text[256], option[] = "--version";
	char *program = arena_copy(path, strlen(path));
	char *arguments[] = { program, option, NULL };
	char *environment[] = { NULL, NULL }; /* an address in MAKEFLAGS that it can't read would end an old make */

	for (char **variable = environ; *variable != NULL; variable++)
		if (strncmp(*variable, "PATH=", strlen("PATH=")) == 0)
			environment[0] = *variable;
	return program != NULL && output_of(path, arguments, environment, text, sizeof text) && parse(text, version);
}

/* The words that a version of this very program is kept behind. False for a script: what it starts may change. */
static bool describe(const char *path, char *text, size_t size)
{
	static const char elf[] = "\177ELF";
	char head[sizeof elf] = "";
	struct stat status;

	if (!stat_path(path, &status) || !S_ISREG(status.st_mode) || read_small_file(path, head, sizeof head) < 0 ||
	    memcmp(head, elf, strlen(elf)) != 0)
		return false;
	return text_put(text, size, "program=%ju %ju %jd %jd.%09ld\nversion=", (uintmax_t)status.st_dev,
	                (uintmax_t)status.st_ino, (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec,
	                status.st_mtim.tv_nsec) < (int)size;
}

/* DIR/.jobshim/versions, -1 where it is not there or may be written by others than us or root. */
static int open_kept(const char *shim_dir)
{
	size_t room;
	char *path = arena_room(&room);
	struct stat status;
	int directory;

	if (shim_dir[0] == '\0' || text_put(path, room, "%s/.jobshim/versions", shim_dir) >= (int)room)
		return -1;
	directory = open_high(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (directory >= 0 && (fstat(directory, &status) < 0 || (status.st_uid != geteuid() && status.st_uid != 0) ||
	                       (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
		close(directory);
		directory = -1;
	}
	return directory;
}

/* A plain file's text: a FIFO is not waited for, a symlink not followed. */
static bool read_kept(int directory, const char *name, char *text)
{
	struct stat status;
	ssize_t length = -1;
	int fd = open_high_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		length = RETRY(read(fd, text, KEPT_MAX - 1));
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

/* Puts text in the place of whatever has the name, in one step. Where it can't be kept it is asked for again. */
static void write_kept(int directory, const char *name, const char *text)
{
	char temporary[64];
	struct stat status;
	bool whole;
	int fd;

	if (fstat(directory, &status) < 0 || status.st_uid != geteuid())
		return;
	text_put(temporary, sizeof temporary, "new-%d-%" PRIu64, (int)getpid(), monotonic_ns());
	fd = open_high_at(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	if (fd < 0)
		return;
	/* Others who use the shim dir may read it, whatever our umask. */
	whole = write_whole(fd, text, strlen(text)) && fchmod(fd, 0644) == 0;
	close(fd);
	if (!whole || renameat(directory, temporary, directory, name) < 0)
		unlinkat(directory, temporary, 0);
}

/* Whether text is program followed by one line with a version. */
static bool is_of(const char *text, const char *program, struct version *version)
{
	size_t length = strlen(program);
	const char *number = text + length;

	return strncmp(text, program, length) == 0 && *number >= '0' && *number <= '9' &&
	       number[strspn(number, "0123456789.")] == '\n' && parse(number, version);
}

bool version_of(const char *shim_dir, const char *name, const char *path, struct version *version)
{
	char program[KEPT_MAX], text[KEPT_MAX];
	bool found;
	int directory = describe(path, program, sizeof program) ? open_kept(shim_dir) : -1;

	if (directory < 0)
		return probe(path, version);
	found = read_kept(directory, name, text) && is_of(text, program, version);
	if (!found) {
		found = probe(path, version);
		if (found &&
		    text_put(text, sizeof text, "%s%ld.%ld\n", program, version->major, version->minor) < (int)sizeof text)
			write_kept(directory, name, text);
	}
	close(directory);
	return found;
}

bool version_reaches(const char *shim_dir, const char *name, const char *path, int major, int minor)
{
	struct version version;

	return version_of(shim_dir, name, path, &version) &&
	       (version.major > major || (version.major == major && version.minor >= minor));
}
