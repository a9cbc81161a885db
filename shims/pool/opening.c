#include "pool/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "pool/above.h"
#include "pool/address.h"
#include "pool/auth.h"
#include "pool/clientname.h"
#include "pool/hidden.h"
#include "pool/jobserver.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/text.h"
#include "proc/process.h"

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

static bool refuse_error(struct jobserver *jobserver, const char **why, const char *reason)
{
	jobserver->denied = jobserver->denied || errno == EACCES || errno == EPERM;
	return refuse(jobserver, why, reason);
}

/* One open file takes and gives. */
static bool open_served(struct jobserver *jobserver, const char *path, const char **why)
{
	const char *fault;

	jobserver->read_fd = jobserver->write_fd = open_high(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
	if (jobserver->read_fd < 0)
		return refuse_error(jobserver, why, "its device can't be opened");
	fault = address_fault(ADDRESS_SERVED, jobserver->read_fd);
	return fault == NULL || refuse(jobserver, why, fault);
}

static bool open_fifo(struct jobserver *jobserver, const char *path, const char **why)
{
	/* The write end first: before this process has the read end, ENXIO tells that no process has it. */
	jobserver->write_fd = open_high(path, O_WRONLY | O_NONBLOCK);
	if (jobserver->write_fd < 0)
		return refuse_error(jobserver, why, errno == ENXIO ? "its FIFO has no server" : "its FIFO can't be opened");
	jobserver->read_fd = open_high(path, O_RDONLY | O_NONBLOCK);
	return jobserver->read_fd >= 0 || refuse_error(jobserver, why, "its FIFO can't be opened");
}

/* The user's, or that of root's server. The state directory's name begins so (ledger/statedirectory.c). */
static bool is_machine(const char *path)
{
	static const char directory[] = "jobshim-";
	const char *name = base_name(path), *above = name - (name > path);

	if (strcmp(name, MACHINE_POOL) != 0)
		return false;
	while (above > path && above[-1] != '/')
		above--;
	return strncmp(above, directory, strlen(directory)) == 0 || strcmp(path, SYSTEM_POOL) == 0;
}

/* path is kept, not copied. */
bool jobserver_open_path(struct jobserver *jobserver, const char *path, const char **why)
{
	struct stat status, opened;
	enum address_kind kind;

	jobserver->read_fd = jobserver->write_fd = -1;
	if (path == NULL)
		return refuse(jobserver, why, "its path is too long");
	if (!stat_path(path, &status))
		return refuse_error(jobserver, why, errno == ENOENT ? "its FIFO does not exist" : "its FIFO can't be reached");
	kind = address_kind(&status, why);
	if (kind == ADDRESS_NONE)
		return false;
	if (kind == ADDRESS_SOCKET)
		return refuse(jobserver, why, REFUSED_NAMED);
	if (!(kind == ADDRESS_PIPE ? open_fifo : open_served)(jobserver, path, why))
		return false;
	if (fstat(jobserver->write_fd, &opened) < 0 || opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
		return refuse(jobserver, why, "its FIFO was replaced meanwhile");
	if (fstat(jobserver->read_fd, &opened) < 0 || opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
		return refuse(jobserver, why, "its FIFO was replaced meanwhile");
	jobserver->device = status.st_dev;
	jobserver->inode = status.st_ino;
	jobserver->accounts = kind != ADDRESS_PIPE;
	jobserver->machine = kind == ADDRESS_PIPE && is_machine(path);
	jobserver->socket = false;
	jobserver->path = path;
	return true;
}

/* The path of a FIFO that is handed on as a descriptor, if it leads there: all users of the pool are to share the ledger beside it. NULL if
 * there is none, as for a pipe ("pipe:[4711]"). */
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
	const char *link = above_link(pid, fd), *path = link == NULL ? NULL : path_of(link);

	return jobserver_open_path(jobserver, path != NULL ? path : link, why);
}

static const char *ledger_above(const char *fifo)
{
	struct above found;
	size_t room;
	char *path = arena_room(&room);
	const int length = text_put(path, room, "%s%s", fifo, LEDGER_SUFFIX);

	if ((size_t)length >= room || arena_keep((size_t)length + 1) == NULL)
		return NULL;
	return above_find(path, false, &found) ? found.link : NULL;
}

/* Whether that FIFO is the one that a `jobshim run` above has named, and noted: its path may lead there by links. */
static bool is_own_path(const char *path)
{
	static const char fifo[] = "fifo:";
	const char *own = getenv(ENV_JOBSERVER);

	return getenv(ENV_TREE) != NULL && own != NULL && strncmp(own, fifo, strlen(fifo)) == 0 && strcmp(own + strlen(fifo), path) == 0;
}

/* Opens a FIFO that is no longer at its path, since it or its directory was removed. Its clients still have it open. */
static bool open_removed(struct jobserver *jobserver, const char *path)
{
	struct above found;
	const char *ignored;

	if (path == NULL || !above_find(path, is_own_path(path), &found) || !jobserver_open_path(jobserver, found.link, &ignored))
		return false;
	jobserver->ledger = ledger_above(found.place);
	if (jobserver->ledger == NULL) /* only the FIFO was moved */
		jobserver->ledger = ledger_above(path);
	return true;
}

const char *jobserver_ledger_above(const struct jobserver *jobserver)
{
	char link[48];
	const char *place;

	text_put(link, sizeof link, "/proc/self/fd/%d", jobserver->read_fd);
	place = hidden_names(jobserver) ? link_target(AT_FDCWD, link) : NULL;
	place = place == NULL ? NULL : arena_copy(place, strlen(place));
	return place == NULL ? NULL : ledger_above(place);
}

/* make 4.3 closes R and W for recipes without `+`, Python for every child. The nearest ancestor that is a client by its name still has
 * them. In a carrier the same numbers may be other files (cmake --build). */
static bool open_ancestors_pipe(struct jobserver *jobserver, const struct auth *auth, const char **why)
{
	const char *fault, *closed = REFUSED_CLOSED;
	struct process process;
	enum address_kind kind;

	if (process_self(&process))
		while (process.parent > 0 && process_read(process.parent, &process)) {
			if (!client_by_name(process.pid))
				continue;
			kind = address_of_pair(process.pid, auth->read_fd, auth->write_fd, &fault);
			if (kind == ADDRESS_SOCKET)
				closed = REFUSED_CLOSED_SOCKET;
			else if (kind != ADDRESS_NONE)
				return open_fd(jobserver, process.pid, auth->read_fd, why);
		}
	return refuse(jobserver, why, closed);
}

/* Uses R and W as we inherited them: those of a pipe if they can't be opened anew, because /proc is hidden or they are another user's;
 * those of a socket always. Their flags, which others share, stay as they are. False, with nothing changed, on error. */
static bool take_over(struct jobserver *jobserver, const struct auth *auth, enum address_kind kind)
{
	const bool is_pipe = kind == ADDRESS_PIPE;
	const int reading = dup_high(auth->read_fd), writing = is_pipe ? dup_high(auth->write_fd) : reading;
	struct stat status;

	if (reading >= 0 && writing >= 0 && fstat(reading, &status) == 0 && (!is_pipe || pipe_high(jobserver->way))) {
		jobserver->read_fd = reading;
		jobserver->write_fd = writing;
		jobserver->device = status.st_dev;
		jobserver->inode = status.st_ino;
		jobserver->accounts = jobserver->socket = !is_pipe;
		jobserver->handed[0] = auth->read_fd;
		jobserver->handed[1] = auth->write_fd;
		jobserver->path = "";
		return true;
	}
	if (reading >= 0)
		close(reading);
	if (writing >= 0 && writing != reading)
		close(writing);
	return false;
}

static bool open_pair(struct jobserver *jobserver, const struct auth *auth, const char **why)
{
	const char *fault;
	const enum address_kind kind = address_of_pair(0, auth->read_fd, auth->write_fd, &fault);

	if (kind == ADDRESS_NONE) {
		if (open_ancestors_pipe(jobserver, auth, why))
			return true;
		*why = fault != NULL ? fault : *why;
		return false;
	}
	fault = kind == ADDRESS_PIPE ? NULL : address_fault(kind, auth->read_fd);
	if (fault != NULL)
		return refuse(jobserver, why, fault);
	if (kind != ADDRESS_SOCKET && process_self_number() > 0 && open_fd(jobserver, process_self_number(), auth->read_fd, why))
		return true;
	/* A device's own descriptor might block. */
	return (kind != ADDRESS_SERVED && take_over(jobserver, auth, kind)) || refuse(jobserver, why, "it can't be opened anew");
}

bool jobserver_open_auth(struct jobserver *jobserver, const struct auth *auth, const char **why)
{
	jobserver->read_fd = jobserver->write_fd = -1;
	if (auth->kind == AUTH_FIFO) {
		const char *path = auth_path(auth);

		return jobserver_open_path(jobserver, path, why) || open_removed(jobserver, path);
	}
	return open_pair(jobserver, auth, why);
}
