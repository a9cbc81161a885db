#include "ground/datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "ground/retry.h"

int datagram_open(void)
{
	const int on = 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Before it has a name: what is sent earlier does not say by whom. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool datagram_receive(int fd, void *bytes, size_t size, struct ucred *sender, struct sockaddr_un *from, socklen_t *from_size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr aligned;
	} control;
	struct iovec vector = { .iov_base = bytes, .iov_len = size };
	struct msghdr message = {
		.msg_name = from, .msg_namelen = sizeof *from, .msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof control,
	};
	const struct cmsghdr *header;
	ssize_t length;

	length = RETRY(recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
	header = length == (ssize_t)size ? CMSG_FIRSTHDR(&message) : NULL;
	*from_size = message.msg_namelen;
	*sender = (struct ucred){ .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
		memcpy(sender, CMSG_DATA(header), sizeof *sender);
	return length >= 0;
}
