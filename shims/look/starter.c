#include "look/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"
#include "child/child.h"
#include "ground/report.h"
#include "proc/descriptors.h"
#include "proc/process.h"

static int tell_fd; /* what we start does not get it */

/* Moves the offset of the file that we share with `run`: that works on a disk that is full, and costs `run` no pipe. */
static void tell(int value)
{
	(void)!lseek(tell_fd, -(off_t)value, SEEK_END); /* without it `run` believes our status */
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
		report("look start %s: no descriptor", words[0]);
		return false;
	}
	close_told(words[1]);
	prctl(PR_SET_NAME, PROCESS_STARTER);
	child_prepare(&inherited);
	child = child_start(NULL, words + 2, environ, &inherited);
	if (child < 0 && errno == EAGAIN) { /* no room for one process more: then it is this one */
		child_unprepare(&inherited);
		exec_found(words + 2, environ);
	}
	if (child < 0) {
		tell(STARTER_ERROR + errno);
		return false;
	}
	/* Who has a jobserver open counts as one of its users. */
	process_each_fd(process_self_number(), close_other, NULL);
	status = child_wait(child, &usage);
	if (status < 0)
		return false;
	if (WIFSIGNALED(status))
		tell(WTERMSIG(status));
	child_end_like(status);
}
