#include "pool/address.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "contract.h"
#include "proc/descriptors.h"

enum { FUSE_MAGIC = 0x65735546 }; /* statfs(2) */

static enum address_kind none(const char **why, const char *reason)
{
	*why = reason;
	return ADDRESS_NONE;
}

static enum address_kind device_kind(dev_t device, const char **why)
{
	const unsigned number = major(device);

	for (size_t i = 0; i < sizeof kernel_devices / sizeof kernel_devices[0]; i++)
		if (kernel_devices[i].major == number)
			return none(why, kernel_devices[i].is_terminal ? REFUSED_TERMINAL : REFUSED_KERNELS);
	return ADDRESS_SERVED;
}

enum address_kind address_kind(const struct stat *status, const char **why)
{
	switch (status->st_mode & S_IFMT) {
	case S_IFIFO:
		return ADDRESS_PIPE;
	case S_IFCHR:
		return device_kind(status->st_rdev, why);
	case S_IFREG: /* a descriptor is needed to tell its file system */
		return status->st_size == 0 ? ADDRESS_SERVED : none(why, REFUSED_PLAIN);
	case S_IFSOCK:
		return ADDRESS_SOCKET;
	case S_IFDIR:
		return none(why, REFUSED_DIRECTORY);
	case S_IFBLK:
		return none(why, REFUSED_BLOCK);
	default:
		return none(why, REFUSED_OBJECT);
	}
}

/* It is not polled or read: a poll may reserve a token, and each call is work for its server. */
static const char *served_fault(int fd)
{
	struct stat status;
	struct statfs system;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (fstatfs(fd, &system) < 0 || system.f_type != FUSE_MAGIC))
		return REFUSED_PLAIN;
	return NULL;
}

/* -1: not known. */
static int socket_option(int fd, int option)
{
	int value;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

static const char *socket_fault(int fd)
{
	const int type = socket_option(fd, SO_TYPE);
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;

	if (socket_option(fd, SO_DOMAIN) != AF_UNIX)
		return REFUSED_FOREIGN;
	if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
		return REFUSED_DATAGRAMS;
	if (socket_option(fd, SO_ACCEPTCONN) != 0)
		return REFUSED_LISTENS;
	if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return REFUSED_UNCONNECTED;
	/* An error of poll() says nothing of the socket: a read will. */
	return poll(&end, 1, 0) > 0 && end.revents != 0 ? REFUSED_DESERTED : NULL;
}

const char *address_fault(enum address_kind kind, int fd)
{
	if (kind == ADDRESS_SOCKET)
		return socket_fault(fd);
	return kind == ADDRESS_SERVED ? served_fault(fd) : NULL;
}

/* Reads the kind of descriptor fd of process pid; 0: of ours. */
static bool stat_fd(pid_t pid, int fd, struct stat *status)
{
	return pid == 0 ? fstat(fd, status) == 0 : process_stat_fd(pid, fd, status);
}

/* Whether a descriptor of ours was opened with that mode, or for both ways. */
static bool is_open_for(int fd, int mode)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_PATH) == 0 && ((flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR);
}

enum address_kind address_of_pair(pid_t pid, int read_fd, int write_fd, const char **why)
{
	struct stat reading, writing;
	enum address_kind kind;

	if (!stat_fd(pid, read_fd, &reading) || !stat_fd(pid, write_fd, &writing))
		return none(why, NULL);
	kind = address_kind(&reading, why);
	if (kind == ADDRESS_NONE)
		return ADDRESS_NONE;
	if (reading.st_dev != writing.st_dev || reading.st_ino != writing.st_ino)
		return none(why, REFUSED_TWO);
	if (pid == 0 && !is_open_for(read_fd, O_RDONLY))
		return none(why, REFUSED_UNREADABLE);
	if (pid == 0 && !is_open_for(write_fd, O_WRONLY))
		return none(why, REFUSED_UNWRITABLE);
	return kind;
}
