#include "proc/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/file.h"
#include "ground/retry.h"
#include "proc/process.h"

enum { LONGEST_S = 5 }; /* a program that runs longer counts as failed */

static const uint64_t SECOND = 1000000000u;

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

/* Waits until fd can be read. False if the deadline comes first. */
static bool can_read(int fd, uint64_t deadline_ns)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int result;

	do {
		const uint64_t now = monotonic_ns();
		const uint64_t wait = deadline_ns > now ? deadline_ns - now : 0;
		const struct timespec timeout = { .tv_sec = (time_t)(wait / SECOND), .tv_nsec = (long)(wait % SECOND) };

		result = ppoll(&ready, 1, &timeout, NULL);
	} while (result < 0 && errno == EINTR);
	return result > 0;
}

/* Kills the child if it has not ended by the deadline. */
static void end_by(pid_t child, uint64_t deadline_ns)
{
	int end = process_open(child);

	if (end < 0)
		return; /* a kernel before 5.3: it has all the time it wants */
	if (!can_read(end, deadline_ns))
		kill(child, SIGKILL);
	close(end);
}

bool output_of(const char *path, char *const argv[], char *const environment[], char *text, size_t size)
{
	const uint64_t deadline_ns = monotonic_ns() + LONGEST_S * SECOND;
	size_t used = 0;
	char rest[256];
	int ends[2], nowhere, status = -1;
	pid_t child, ended;

	text[0] = '\0';
	if (!pipe_high(ends))
		return false;
	nowhere = open_high("/dev/null", O_WRONLY);
	child = start(path, argv, environment, ends[1], nowhere);
	close(ends[1]);
	while (child > 0) {
		bool full = used >= size - 1; /* the rest is read all the same: the program would die of SIGPIPE */
		ssize_t n;

		if (!can_read(ends[0], deadline_ns))
			break;
		n = RETRY(full ? read(ends[0], rest, sizeof rest) : read(ends[0], text + used, size - 1 - used));

		if (n <= 0)
			break;
		used += full ? 0 : (size_t)n;
	}
	text[used] = '\0';
	close(ends[0]);
	if (child > 0)
		end_by(child, deadline_ns);
	if (nowhere >= 0)
		close(nowhere);
	ended = child > 0 ? RETRY(waitpid(child, &status, 0)) : -1;
	return child > 0 && ended == child && status == 0;
}
