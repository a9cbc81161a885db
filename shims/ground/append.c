#include "ground/append.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "ground/trust.h"

/* Whether a symlink is ours or root's, and stays so: another user's would have us write anywhere. */
static bool is_own_link(int directory, const char *name, const char *place)
{
	struct stat status;

	return trust_of_directory(place) == TRUSTED && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (status.st_uid == geteuid() || status.st_uid == 0);
}

/* A file of several names in a directory that others can write may be any file of ours, by a name that they gave it. */
static bool is_only_there(int directory, const struct stat *file)
{
	struct stat status;

	return file->st_nlink <= 1 || (fstat(directory, &status) == 0 &&
	                               (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & S_IWOTH) == 0);
}

/* -1 unless it is a regular file, since nothing else may be written without blocking; *why says what it is. */
static int open_in(int directory, const char *name, const char *place, const char **why)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
	struct stat status;
	int fd = open_high_at(directory, name, flags | O_NOFOLLOW);

	if (fd < 0 && errno == ELOOP) {
		*why = "another user's symlink";
		if (!is_own_link(directory, name, place))
			return -1;
		fd = open_high_at(directory, name, flags);
	}
	*why = NULL;
	if (fd < 0 || fstat(fd, &status) < 0)
		*why = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		*why = "not a regular file";
	else if (!is_only_there(directory, &status))
		*why = "a link to another file";
	if (*why == NULL)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int append_open(const char *path, const char **why)
{
	const char *slash = strrchr(path, '/');
	char place[PATH_MAX];
	int directory, fd;

	*why = "not an absolute path";
	if (path[0] != '/')
		return -1;
	*why = "its path is too long";
	if (text_put(place, sizeof place, "%.*s", (int)(slash - path) + 1, path) >= (int)sizeof place)
		return -1;
	directory = trust_hold_directory(place);
	if (directory < 0) {
		*why = errno == EPERM ? "another user's symlink" : strerror(errno);
		return -1;
	}
	fd = open_in(directory, slash + 1, place, why);
	close(directory);
	return fd;
}

bool append_line(int fd, const char *line, size_t length)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	ssize_t written;
	int error;

	sigaction(SIGXFSZ, &ignore, &before); /* a file above `ulimit -f` */
	written = RETRY(write(fd, line, length));
	/* A full disk has cut it: the next line is to begin where lines do. */
	if (written > 0 && (size_t)written < length)
		written = RETRY(write(fd, "\n", 1));
	error = errno;
	sigaction(SIGXFSZ, &before, NULL);
	errno = error;
	return written >= 0;
}
