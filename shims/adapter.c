#include "adapter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "arguments.h"
#include "auth.h"
#include "contract.h"
#include "jobserver.h"
#include "process.h"

enum { FIRST_HANDED_FD = 10 }; /* scripts use the ones below for themselves */

const struct adapter *adapter_find(const char *tool)
{
	for (size_t i = 0; i < sizeof adapters / sizeof adapters[0]; i++)
		if (strcmp(adapters[i].name, tool) == 0)
			return &adapters[i];
	return NULL;
}

static __attribute__((noinline)) pid_t start_version(const char *path, int output)
{
	extern char **environ;
	char program[PATH_MAX], option[] = "--version";
	char *arguments[] = { program, option, NULL };
	char *environment[] = { NULL, NULL }; /* an address in MAKEFLAGS that it can't read would end an old make */
	pid_t child;

	for (char **variable = environ; *variable != NULL; variable++)
		if (strncmp(*variable, "PATH=", strlen("PATH=")) == 0)
			environment[0] = *variable;
	if (snprintf(program, sizeof program, "%s", path) >= (int)sizeof program)
		return -1;
	child = vfork();
	if (child != 0)
		return child;
	if (dup2(output, STDOUT_FILENO) >= 0)
		execve(program, arguments, environment);
	_exit(127);
}

/* Whether `path --version` names the version that first spoke `fifo:`, or a later one. */
static bool speaks_fifo(const struct adapter *adapter, const char *path)
{
	char text[256];
	size_t used = 0;
	const char *digit;
	char *dot;
	long major, minor = 0;
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	child = start_version(path, ends[1]);
	close(ends[1]);
	while (child > 0 && used < sizeof text - 1) {
		ssize_t n = read(ends[0], text + used, sizeof text - 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	digit = strpbrk(text, "0123456789");
	if (digit == NULL)
		return false;
	major = strtol(digit, &dot, 10);
	if (*dot == '.')
		minor = strtol(dot + 1, NULL, 10);
	return major > adapter->fifo_since_major || (major == adapter->fifo_since_major && minor >= adapter->fifo_since_minor);
}

/* Opens the jobserver's ends once more, blocking and inheritable, where the client will find them. */
static bool hand_over(const struct jobserver *jobserver, int *read_fd, int *write_fd)
{
	int reading = open_high(jobserver->path, O_RDONLY), writing = open_high(jobserver->path, O_WRONLY);

	if (reading < 0 || writing < 0)
		return false;
	*read_fd = fcntl(reading, F_DUPFD, FIRST_HANDED_FD);
	*write_fd = fcntl(writing, F_DUPFD, FIRST_HANDED_FD);
	/* reading and writing stay open: closing any descriptor of this inode would drop our locks on it */
	return *read_fd >= 0 && *write_fd >= 0;
}

/* MAKEFLAGS with address in place of its last one. */
static char *replace(const char *makeflags, const struct auth *auth, const char *address)
{
	size_t room;
	char *text = arena_room(&room);
	const char *equals = memchr(auth->word, '=', auth->word_length);
	int spelling = (int)(equals - auth->word) + 1;
	int written = snprintf(text, room, "MAKEFLAGS=%.*s%.*s%s%s", (int)(auth->word - makeflags), makeflags,
	                       spelling, auth->word, address, auth->word + auth->word_length);

	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}

static bool names(const struct auth *auth, const struct jobserver *jobserver)
{
	const char *path = arena_copy(auth->path, auth->path_length);
	struct stat status;

	return path != NULL && stat(path, &status) == 0 && jobserver_is(jobserver, &status);
}

/* Whether R,W lead somewhere else: to a pool that an inner make opened for itself. */
static bool is_anothers_pipe(const struct auth *auth)
{
	struct stat read_status, write_status;

	return inherited_fd(auth->read_fd, &read_status) && inherited_fd(auth->write_fd, &write_status) &&
	       S_ISFIFO(read_status.st_mode) && read_status.st_dev == write_status.st_dev &&
	       read_status.st_ino == write_status.st_ino;
}

static char *mend_make(const struct adapter *adapter, const struct jobserver *jobserver, const char *path,
                       const char *makeflags, const struct auth *auth, bool *joins)
{
	char address[32], *mended;
	int read_fd, write_fd;

	if (auth->kind == AUTH_FIFO) {
		if (!names(auth, jobserver))
			return NULL;
		if (speaks_fifo(adapter, path)) {
			*joins = true;
			return NULL;
		}
	} else {
		*joins = jobserver_inherited(jobserver, auth);
		if (*joins || !jobserver->own || is_anothers_pipe(auth))
			return NULL;
	}
	if (!hand_over(jobserver, &read_fd, &write_fd))
		return NULL;
	snprintf(address, sizeof address, "%d,%d", read_fd, write_fd);
	mended = replace(makeflags, auth, address);
	*joins = mended != NULL;
	return mended;
}

static char *mend_ninja(const struct adapter *adapter, const struct jobserver *jobserver, const char *path,
                        const char *makeflags, const struct auth *auth, bool *joins)
{
	char address[PATH_MAX + sizeof "fifo:"], *mended;

	if (auth->kind == AUTH_FIFO) {
		*joins = names(auth, jobserver) && speaks_fifo(adapter, path);
		return NULL;
	}
	if (!jobserver->own || !speaks_fifo(adapter, path))
		return NULL;
	snprintf(address, sizeof address, "fifo:%s", jobserver->path);
	mended = replace(makeflags, auth, address);
	*joins = mended != NULL;
	return mended;
}

char *adapter_mend(const struct adapter *adapter, const struct jobserver *jobserver, const char *path,
                   char *const argv[], bool *joins)
{
	struct auth auth;
	const char *makeflags = getenv("MAKEFLAGS");

	*joins = false;
	if (makeflags == NULL || arguments_have_jobs(adapter->family, argv) || !auth_find(makeflags, &auth))
		return NULL;
	if (strcmp(adapter->family, "make") == 0)
		return mend_make(adapter, jobserver, path, makeflags, &auth, joins);
	return mend_ninja(adapter, jobserver, path, makeflags, &auth, joins);
}
