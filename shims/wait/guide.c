#include "wait/guide.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/jobserver.h"
#include "ground/datagram.h"

enum { ANSWER_MS = 250 }; /* a caretaker that is stopped, or busy, holds nobody up for longer */

socklen_t guide_address(const struct jobserver *jobserver, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "jobshim-%" PRIx64 "-%" PRIx64 "-guide",
	                  (uint64_t)jobserver->device, (uint64_t)jobserver->inode);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* Whether the caretaker's word counts: the pool is its user's. Users of another user namespace are nobody here. */
static bool is_trusted(const struct jobserver *jobserver, const struct ucred *sender)
{
	struct stat status;

	return sender->uid == 0 || (fstat(jobserver->write_fd, &status) == 0 && sender->uid == status.st_uid);
}

bool guide_ask(const struct jobserver *jobserver, unsigned above, struct guide_answer *answer)
{
	static struct guide_question question;
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const char *flags = getenv("MAKEFLAGS");
	struct sockaddr_un address;
	const socklen_t length = guide_address(jobserver, &address);
	struct ucred sender;
	const int fd = datagram_open();
	struct pollfd answered = { .fd = fd, .events = POLLIN };
	bool told;

	question.above = above;
	if (snprintf(question.flags, sizeof question.flags, "MAKEFLAGS=%s", flags == NULL ? "" : flags) >= (int)sizeof question.flags)
		question.flags[strlen("MAKEFLAGS=")] = '\0';
	/* A name of our own, for the answer, is the kernel's choice. */
	told = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any.sun_family) == 0 &&
	       connect(fd, (const struct sockaddr *)&address, length) == 0 &&
	       send(fd, &question, sizeof question, MSG_NOSIGNAL) == (ssize_t)sizeof question &&
	       poll(&answered, 1, ANSWER_MS) == 1 &&
	       datagram_receive(fd, answer, sizeof *answer, &sender, &address, &(socklen_t){ 0 }) && is_trusted(jobserver, &sender);
	if (fd >= 0)
		close(fd);
	return told && answer->key != 0;
}
