#include "guide.h"

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

#include "job.h"
#include "jobserver.h"
#include "ground/datagram.h"
#include "ground/environment.h"
#include "proc/process.h"

enum {
	ANSWER_MS = 250, /* a caretaker that is stopped, or busy, holds nobody up for longer */
	ANSWERS = 64,    /* at a time */
	FLAGS_MAX = 4096,
};

/* Both are of the same program, most likely: another version's have another size. */
struct question {
	unsigned above;
	char flags[sizeof "MAKEFLAGS=" + FLAGS_MAX]; /* as the asker has them: they tell which make is its client */
};

struct answer {
	bool ours, nested;
	uint64_t key;
};

static socklen_t address_of(const struct jobserver *jobserver, struct sockaddr_un *address)
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

bool guide_ask(const struct jobserver *jobserver, unsigned above, struct job *job)
{
	static struct question question;
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const char *flags = getenv("MAKEFLAGS");
	struct sockaddr_un address;
	const socklen_t length = address_of(jobserver, &address);
	struct answer answer;
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
	       datagram_receive(fd, &answer, sizeof answer, &sender, &address, &(socklen_t){ 0 }) && is_trusted(jobserver, &sender);
	if (fd >= 0)
		close(fd);
	if (!told || answer.key == 0)
		return false;
	job->ours = answer.ours;
	job->nested = answer.nested;
	job->key = answer.key;
	return true;
}

int guide_open(const struct jobserver *jobserver)
{
	struct sockaddr_un address;
	const socklen_t length = address_of(jobserver, &address);
	const int fd = datagram_open();

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) == 0)
		return fd;
	close(fd);
	return -1;
}

void guide_answer(int socket, const struct jobserver *jobserver, const struct ledger *ledger)
{
	static struct question question;
	struct sockaddr_un from;
	struct ucred sender;
	socklen_t from_size;

	for (int i = 0; i < ANSWERS && datagram_receive(socket, &question, sizeof question, &sender, &from, &from_size); i++) {
		struct answer answer = { .key = 0 };
		struct process process;
		struct job job;

		question.flags[sizeof question.flags - 1] = '\0';
		/* Who is not in our PID namespace, nor in one below it, has no number here. */
		if (sender.pid > 0 && strncmp(question.flags, "MAKEFLAGS=", strlen("MAKEFLAGS=")) == 0 &&
		    environment_put(question.flags) && process_numbers_agree() && process_read(sender.pid, &process) &&
		    job_of(&process, jobserver, ledger, question.above, &job))
			answer = (struct answer){ .ours = job.ours, .nested = job.nested, .key = job.key };
		sendto(socket, &answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&from, from_size);
	}
}
