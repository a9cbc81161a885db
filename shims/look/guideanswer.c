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
#include "proc/subject.h"

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
	static struct guide_request request;
	const struct subject told = { .is_self = true }; /* its environment has what the request says by then */
	struct sockaddr_un from;
	struct ucred sender;
	socklen_t from_size;

	for (int i = 0; i < ANSWERS && datagram_receive(socket, &request, sizeof request, &sender, &from, &from_size); i++) {
		struct guide_answer answer = { .key = 0 };
		struct process process;
		struct job job;

		request.flags[sizeof request.flags - 1] = '\0';
		/* A sender outside our PID namespace and those below it has no pid here. */
		if (sender.pid > 0 && strncmp(request.flags, "MAKEFLAGS=", strlen("MAKEFLAGS=")) == 0 &&
		    environment_put(request.flags) && process_numbers_agree() && process_read(sender.pid, &process) &&
		    job_of(&process, &told, jobserver, ledger, request.above, &job))
			answer = (struct guide_answer){ .ours = job.ours, .nested = job.nested, .key = job.key };
		sendto(socket, &answer, sizeof answer, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&from, from_size);
	}
}
