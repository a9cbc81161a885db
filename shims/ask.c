#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

static __attribute__((noinline)) pid_t start(const char *path, char *const argv[], char *const environment[], int output,
                                             int nowhere)
{
	pid_t child = vfork();

	if (child != 0)
		return child;
	if (dup2(output, STDOUT_FILENO) >= 0 && (nowhere < 0 || dup2(nowhere, STDERR_FILENO) >= 0))
		execve(path, argv, environment);
	_exit(127);
}

bool ask(const char *path, char *const argv[], char *const environment[], char *text, size_t size)
{
	size_t used = 0;
	char rest[256];
	int ends[2], nowhere, status = -1;
	pid_t child, ended;

	text[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	nowhere = open_high("/dev/null", O_WRONLY);
	child = start(path, argv, environment, ends[1], nowhere);
	close(ends[1]);
	while (child > 0) {
		bool full = used >= size - 1; /* what has no room is read all the same: nobody dies of SIGPIPE */
		ssize_t n = full ? read(ends[0], rest, sizeof rest) : read(ends[0], text + used, size - 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += full ? 0 : (size_t)n;
	}
	text[used] = '\0';
	close(ends[0]);
	if (nowhere >= 0)
		close(nowhere);
	do
		ended = child > 0 ? waitpid(child, &status, 0) : -1;
	while (ended < 0 && child > 0 && errno == EINTR);
	return child > 0 && ended == child && status == 0;
}
