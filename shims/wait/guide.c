#include "wait/guide.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "ground/datagram.h"
#include "ground/text.h"

enum { ANSWER_MS = 250 }; /* a launcher waits no longer than this for a caretaker that is stopped or busy */

socklen_t guide_address(const struct jobserver *jobserver, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = text_put(address->sun_path + 1, sizeof address->sun_path - 1, "jobshim-%" PRIx64 "-%" PRIx64 "-guide",
	                  (uint64_t)jobserver->device, (uint64_t)jobserver->inode);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* Whether to trust the sender: it must be root or the owner of the pool. Users of another user namespace count as nobody here. */
static bool is_trusted(const struct jobserver *jobserver, const struct ucred *sender)
{
	struct stat status;

	return sender->uid == 0 || (fstat(jobserver->write_fd, &status) == 0 && sender->uid == status.st_uid);
}

bool guide_ask(const struct jobserver *jobserver, unsigned above, struct guide_answer *answer)
{
	static struct guide_request request;
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const char *flags = getenv("MAKEFLAGS");
	struct sockaddr_un address;
	const socklen_t length = guide_address(jobserver, &address);
	struct ucred sender;
	const int fd = datagram_open();
	struct pollfd answered = { .fd = fd, .events = POLLIN };
	bool told;

	request.above = above;
	if (text_put(request.flags, sizeof request.flags, "MAKEFLAGS=%s", flags == NULL ? "" : flags) >= (int)sizeof request.flags)
		request.flags[strlen("MAKEFLAGS=")] = '\0';
	/* The kernel chooses the name of the socket to which the answer comes. */
	told = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any.sun_family) == 0 &&
	       connect(fd, (const struct sockaddr *)&address, length) == 0 &&
	       send(fd, &request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
	       poll(&answered, 1, ANSWER_MS) == 1 &&
	       datagram_receive(fd, answer, sizeof *answer, &sender, &address, &(socklen_t){ 0 }) && is_trusted(jobserver, &sender);
	if (fd >= 0)
		close(fd);
	return told && answer->key != 0;
}
