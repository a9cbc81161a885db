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
#include "ground/number.h"
#include "ground/report.h"
#include "proc/descriptors.h"
#include "sandbox/filter.h"
#include "sandbox/handover.h"

static int tell_fd; /* close-on-exec: our child must not get it */

/* Tells `run` by the offset of the file that we share: that works on a full disk, and takes no pipe. */
static void tell(int value)
{
	(void)!lseek(tell_fd, -(off_t)value, SEEK_END); /* on error `run` uses our status */
}

static void close_told(const char *closed)
{
	for (const char *at = closed; *at >= '0' && *at <= '2'; at++)
		close(*at - '0');
}

bool starter_work(const struct self *self, char *const words[])
{
	static const struct meanwhile nothing = { .step = NULL };
	struct inherited inherited;
	struct rusage usage;
	pid_t child;
	int status;

	(void)self;
	tell_fd = (int)number_first(words[0]);
	if (tell_fd <= STDERR_FILENO || fcntl(tell_fd, F_SETFD, FD_CLOEXEC) < 0) {
		report("look start %s: no descriptor", words[0]);
		return false;
	}
	close_told(words[1]);
	prctl(PR_SET_NAME, PROCESS_STARTER);
	if (words[2][0] != '\0' && !handover_enter(words[2])) {
		report("%s: the sandbox can't be entered: %s", words[3], filter_why(errno));
		exit(EXIT_JOBSHIM);
	}
	child_prepare(&inherited);
	child = child_start(NULL, words + 3, environ, &inherited);
	if (child < 0 && errno == EAGAIN) { /* no room for one more process: exec in this one */
		child_unprepare(&inherited);
		exec_found(words + 3, environ);
	}
	if (child < 0) {
		tell(STARTER_ERROR + errno);
		return false;
	}
	/* A process that has a jobserver open counts as one of its users. */
	descriptors_close_but(tell_fd);
	status = child_wait(child, &nothing, &usage);
	if (status < 0)
		return false;
	if (WIFSIGNALED(status))
		tell(WTERMSIG(status));
	child_end_like(status);
}
