#include "starter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "environment.h"
#include "process.h"
#include "report.h"

static int tell_fd; /* what we start does not get it */

static void tell(const char *what, int number)
{
	char line[32];
	const int length = snprintf(line, sizeof line, "%s %d\n", what, number);
	ssize_t n;

	do
		n = write(tell_fd, line, (size_t)length);
	while (n < 0 && errno == EINTR);
	/* Nobody reads: `run` was killed, and what it started goes on. */
}

static bool close_other(int directory, const char *name, void *state)
{
	const int fd = (int)strtol(name, NULL, 10);

	(void)state;
	if (fd > STDERR_FILENO && fd != tell_fd && fd != directory)
		close(fd);
	return false;
}

static void close_told(const char *closed)
{
	for (const char *at = closed; *at >= '0' && *at <= '2'; at++)
		close(*at - '0');
}

bool starter_work(const struct self *self, char *const words[])
{
	struct inherited inherited;
	struct rusage usage;
	pid_t child;
	int status;

	(void)self;
	tell_fd = (int)strtol(words[0], NULL, 10);
	if (tell_fd <= STDERR_FILENO || fcntl(tell_fd, F_SETFD, FD_CLOEXEC) < 0) {
		report("launcher --start %s: no descriptor", words[0]);
		return false;
	}
	close_told(words[1]);
	prctl(PR_SET_NAME, STARTER_NAME);
	child_prepare(&inherited);
	child = child_start(NULL, words + 2, environ, &inherited);
	if (child < 0 && errno == EAGAIN) { /* no room for one process more: then it is this one */
		child_unprepare(&inherited);
		exec_found(words + 2, environ);
	}
	if (child < 0) {
		tell("error", errno);
		return false;
	}
	tell("pid", (int)child);
	/* Who has a jobserver open counts as one of its users. */
	process_each_fd(process_self_number(), close_other, NULL);
	status = child_wait(child, &usage);
	if (status < 0)
		return false;
	if (WIFSIGNALED(status))
		tell("signal", WTERMSIG(status));
	child_end_like(status);
}
