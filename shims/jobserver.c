#include "jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "client.h"
#include "contract.h"
#include "process.h"

static const char LEDGER_SUFFIX[] = ".ledger";

static bool refuse(struct jobserver *jobserver, const char **why, const char *reason)
{
	if (jobserver->read_fd >= 0)
		close(jobserver->read_fd);
	if (jobserver->write_fd >= 0 && jobserver->write_fd != jobserver->read_fd)
		close(jobserver->write_fd);
	jobserver->read_fd = jobserver->write_fd = -1;
	*why = reason;
	return false;
}

/* path is kept, not copied. */
static bool open_path(struct jobserver *jobserver, const char *path, const char **why)
{
	struct stat status, opened;

	jobserver->read_fd = jobserver->write_fd = -1;
	if (path == NULL)
		return refuse(jobserver, why, "its path is too long");
	if (!stat_path(path, &status))
		return refuse(jobserver, why, errno == ENOENT ? "its FIFO does not exist" : "its FIFO can't be reached");
	if (S_ISCHR(status.st_mode)) {
		jobserver->read_fd = jobserver->write_fd = open_high(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
		if (jobserver->read_fd < 0)
			return refuse(jobserver, why, "its device can't be opened");
	} else if (S_ISFIFO(status.st_mode)) {
		/* The write end first: ENXIO tells that nobody reads, before we ourselves do. */
		jobserver->write_fd = open_high(path, O_WRONLY | O_NONBLOCK);
		if (jobserver->write_fd < 0)
			return refuse(jobserver, why, errno == ENXIO ? "its FIFO has no server" : "its FIFO can't be opened");
		jobserver->read_fd = open_high(path, O_RDONLY | O_NONBLOCK);
		if (jobserver->read_fd < 0)
			return refuse(jobserver, why, "its FIFO can't be opened");
	} else {
		return refuse(jobserver, why, "it is neither a FIFO nor a character device");
	}
	if (fstat(jobserver->write_fd, &opened) < 0 || opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
		return refuse(jobserver, why, "its FIFO was replaced meanwhile");
	if (fstat(jobserver->read_fd, &opened) < 0 || opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
		return refuse(jobserver, why, "its FIFO was replaced meanwhile");
	jobserver->device = status.st_dev;
	jobserver->inode = status.st_ino;
	jobserver->path = path;
	return true;
}

/* Whether R and W of process pid are the two ends of one pipe; its status if so. */
static bool one_pipe(pid_t pid, const struct auth *auth, struct stat *status)
{
	struct stat write_status;

	return process_stat_fd(pid, auth->read_fd, status) && process_stat_fd(pid, auth->write_fd, &write_status) &&
	       S_ISFIFO(status->st_mode) && S_ISFIFO(write_status.st_mode) &&
	       status->st_dev == write_status.st_dev && status->st_ino == write_status.st_ino;
}

/* The path of a FIFO that is handed on as a descriptor, where it has one that leads there: beside it lies its ledger, which all who
 * use it are to share. An anonymous pipe's is none ("pipe:[4711]"). NULL otherwise. */
static const char *path_of(const char *link)
{
	struct stat linked, named;
	size_t room;
	char *path = arena_room(&room);
	ssize_t length = room < PATH_MAX ? -1 : readlink(link, path, PATH_MAX - 1);

	if (length <= 0 || path[0] != '/')
		return NULL;
	path[length] = '\0';
	if (!stat_path(path, &named) || !stat_path(link, &linked) || named.st_dev != linked.st_dev || named.st_ino != linked.st_ino)
		return NULL;
	return arena_keep((size_t)length + 1);
}

static bool open_fd(struct jobserver *jobserver, pid_t pid, int fd, const char **why)
{
	char link[48];
	int length = snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
	const char *path = path_of(link);

	return open_path(jobserver, path != NULL ? path : arena_copy(link, (size_t)length), why);
}

/* make 4.3 closes R and W for recipes without `+`, Python for every child: the nearest ancestor that is a client by
 * its program's name still has them. A carrier's descriptors of the same numbers may be anything (cmake --build). */
static bool open_ancestors_pipe(struct jobserver *jobserver, const struct auth *auth, const char **why)
{
	struct process process = { .parent = getppid() };
	struct stat status;

	while (process.parent > 0 && process_read(process.parent, &process))
		if (client_by_name(process.pid) && one_pipe(process.pid, auth, &status))
			return open_fd(jobserver, process.pid, auth->read_fd, why);
	return refuse(jobserver, why, "its pipe is closed here, and no ancestor has it");
}

bool jobserver_inherited(const struct jobserver *jobserver, const struct auth *auth)
{
	struct stat read_status, write_status;

	return auth->kind == AUTH_PIPE && inherited_fd(auth->read_fd, &read_status) &&
	       inherited_fd(auth->write_fd, &write_status) && jobserver_is(jobserver, &read_status) &&
	       jobserver_is(jobserver, &write_status);
}

bool jobserver_is(const struct jobserver *jobserver, const struct stat *status)
{
	return status->st_dev == jobserver->device && status->st_ino == jobserver->inode;
}

bool jobserver_open_auth(struct jobserver *jobserver, const struct auth *auth, const char **why)
{
	struct stat status;

	jobserver->read_fd = jobserver->write_fd = -1;
	if (auth->kind == AUTH_FIFO)
		return open_path(jobserver, auth_path(auth), why);
	if (!one_pipe(getpid(), auth, &status))
		return open_ancestors_pipe(jobserver, auth, why);
	return open_fd(jobserver, getpid(), auth->read_fd, why);
}

static bool ledger_fd(int directory, const char *name, void *state)
{
	struct jobserver *jobserver = state;
	size_t room;
	char *path = arena_room(&room);
	ssize_t length = readlinkat(directory, name, path, room < PATH_MAX ? room : PATH_MAX);
	ssize_t fifo = length - (ssize_t)strlen(LEDGER_SUFFIX);

	if (fifo <= 0 || length == PATH_MAX || strncmp(path + fifo, LEDGER_SUFFIX, strlen(LEDGER_SUFFIX)) != 0)
		return false;
	jobserver->path = arena_copy(path, (size_t)fifo);
	return true;
}

/* For builds that clear their environment: an ancestor `jobshim run` has its ledger open, beside its FIFO. */
static bool open_ancestors_run(struct jobserver *jobserver, const char **why)
{
	struct process process = { .parent = getppid() };
	const char *ignored;

	while (process.parent > 0 && process_read(process.parent, &process)) {
		if (strcmp(process.comm, "jobshim") == 0 && process_each_fd(process.pid, ledger_fd, jobserver))
			return open_path(jobserver, jobserver->path, &ignored) || refuse(jobserver, why, ignored);
	}
	return false;
}

bool jobserver_open(struct jobserver *jobserver, const char **why)
{
	static const char *const flag_variables[] = { "MAKEFLAGS", "CARGO_MAKEFLAGS" };
	struct auth auth;
	const char *own = getenv(ENV_JOBSERVER);

	*jobserver = (struct jobserver){ .read_fd = -1, .write_fd = -1, .own = true };
	if (own != NULL && *own != '\0') {
		if (!auth_parse(own, strlen(own), &auth))
			return refuse(jobserver, why, auth.why);
		return jobserver_open_auth(jobserver, &auth, why);
	}
	*why = "no jobserver in MAKEFLAGS";
	for (size_t i = 0; i < sizeof flag_variables / sizeof flag_variables[0]; i++) {
		const char *flags = getenv(flag_variables[i]);

		if (flags == NULL)
			continue;
		if (auth_find(flags, &auth)) {
			jobserver->own = false;
			return jobserver_open_auth(jobserver, &auth, why);
		}
		if (i == 0)
			*why = auth.why;
	}
	return open_ancestors_run(jobserver, why);
}
