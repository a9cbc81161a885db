#include "sandbox/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/process.h"
#include "sandbox/filter.h"

enum { BACKLOG = 4 };

/* A socket's name has 108 bytes, a path more: its directory is opened, and named by its descriptor. */
static int open_directory(const char *path, struct sockaddr_un *address)
{
	const char *name = base_name(path);
	char directory[PATH_MAX];
	const size_t length = (size_t)(name - path);
	int fd;

	errno = ENAMETOOLONG;
	if (length == 0 || length >= sizeof directory)
		return -1;
	memcpy(directory, path, length);
	directory[length] = '\0';
	fd = open_high(directory, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return -1;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (text_put(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", fd, name) < (int)sizeof address->sun_path)
		return fd;
	close(fd);
	errno = ENAMETOOLONG;
	return -1;
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

int handover_open(const char *path)
{
	struct sockaddr_un address;
	const int directory = open_directory(path, &address);
	int fd, error;

	if (directory < 0)
		return -1;
	fd = open_socket();
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)) {
		error = errno;
		close(fd);
		fd = -1;
		errno = error;
	}
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

/* Whether the other end is this user, or root. */
static bool is_ours(int fd, struct ucred *peer)
{
	socklen_t size = sizeof *peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0 && (peer->uid == geteuid() || peer->uid == 0);
}

static int receive_descriptor(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char byte;
	struct iovec text = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room
	};
	struct cmsghdr *header;
	int received;

	if (RETRY(recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof received))
		return -1;
	memcpy(&received, CMSG_DATA(header), sizeof received);
	return received;
}

int handover_take(int socket, int *entrant)
{
	const int fd = RETRY(accept4(socket, NULL, NULL, SOCK_CLOEXEC));
	int listener = -1;
	struct ucred peer;

	if (fd < 0)
		return -1;
	if (is_ours(fd, &peer))
		listener = receive_descriptor(fd);
	if (listener >= 0) {
		*entrant = process_open(peer.pid); /* it waits for our byte */
		(void)!send(fd, "", 1, MSG_NOSIGNAL); /* it goes on in any case */
	}
	close(fd);
	return listener;
}

static bool send_descriptor(int fd, int sent)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char byte = 0;
	struct iovec text = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof sent);
	memcpy(CMSG_DATA(&control.header), &sent, sizeof sent);
	return RETRY(sendmsg(fd, &message, MSG_NOSIGNAL)) == 1;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address;
	const int directory = open_directory(path, &address);
	int fd, error;

	if (directory < 0)
		return -1;
	fd = open_socket();
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		error = errno;
		close(fd);
		fd = -1;
		errno = error;
	}
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

bool handover_enter(const char *path)
{
	const int fd = connect_to(path);
	struct ucred peer;
	int listener, error;
	char taken;

	if (fd < 0)
		return false;
	errno = EPERM;
	listener = is_ours(fd, &peer) ? filter_install() : -1;
	error = errno;
	/* Once the filter is there it stays. If nobody takes the listener, it closes with this: then programs start as they did before. */
	if (listener >= 0) {
		if (send_descriptor(fd, listener))
			(void)!RETRY(recv(fd, &taken, 1, 0));
		close(listener);
	}
	close(fd);
	errno = error;
	return listener >= 0;
}
