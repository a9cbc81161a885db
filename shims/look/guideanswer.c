#include "look/guideanswer.h"

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
#include "wait/guide.h"
#include "wait/job.h"
#include "ground/datagram.h"
#include "ground/environment.h"
#include "proc/process.h"

enum { ANSWERS = 64 }; /* at a time */

int guide_open(const struct jobserver *jobserver)
{
	struct sockaddr_un address;
	const socklen_t length = guide_address(jobserver, &address);
	const int fd = datagram_open();

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) == 0)
		return fd;
	close(fd);
	return -1;
}

void guide_answer(int socket, const struct jobserver *jobserver, const struct ledger *ledger)
{
	static struct guide_question question;
	struct sockaddr_un from;
	struct ucred sender;
	socklen_t from_size;

	for (int i = 0; i < ANSWERS && datagram_receive(socket, &question, sizeof question, &sender, &from, &from_size); i++) {
		struct guide_answer answer = { .key = 0 };
		struct process process;
		struct job job;

		question.flags[sizeof question.flags - 1] = '\0';
		/* Who is not in our PID namespace, nor in one below it, has no number here. */
		if (sender.pid > 0 && strncmp(question.flags, "MAKEFLAGS=", strlen("MAKEFLAGS=")) == 0 &&
		    environment_put(question.flags) && process_numbers_agree() && process_read(sender.pid, &process) &&
		    job_of(&process, jobserver, ledger, question.above, &job))
			answer = (struct guide_answer){ .ours = job.ours, .nested = job.nested, .key = job.key };
		sendto(socket, &answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&from, from_size);
	}
}
