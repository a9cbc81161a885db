#include "ground/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ground/retry.h"

bool notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length;
	ssize_t sent;
	int fd;

	if (path == NULL || *path == '\0')
		return true;
	length = strlen(path);
	if (length >= sizeof address.sun_path || (*path != '/' && *path != '@')) {
		errno = EINVAL;
		return false;
	}
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0'; /* an abstract one */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = RETRY(sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
	                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)));
	close(fd);
	return sent >= 0;
}
