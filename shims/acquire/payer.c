#include "acquire/payer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/retry.h"
#include "proc/descriptors.h"
#include "proc/process.h"

enum { NUMBER_MAX = 24 };

/* Everything that we were started with is the build's: its pipes must not stay open for our sake. Our own are close-on-exec. */
static bool close_inherited(int directory, const char *name, void *state)
{
	const int fd = (int)strtol(name, NULL, 10);

	(void)state;
	if (fd > STDERR_FILENO && !process_fd_cloexec(directory, name))
		close(fd);
	return false;
}

/* In a child of ours: becomes the payer, in a child of its own, so that no tool finds a child that it did not start. */
static _Noreturn void become_payer(const char *path, char *const argv[], int told)
{
	const int nowhere = open_high("/dev/null", O_RDWR);

	process_each_fd(process_self_number(), close_inherited, NULL);
	if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(told, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		_exit(1);
	if (fork() == 0)
		execve(path, argv, environ);
	_exit(0);
}

int payer_start(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above)
{
	char launcher[PATH_MAX], address[PATH_MAX + sizeof ENV_JOBSERVER "=fifo:"];
	char name[] = "launcher", option[] = OPTION_PAY, pid[NUMBER_MAX], start[NUMBER_MAX], hops[NUMBER_MAX];
	char *argv[] = { name, option, pid, start, hops, NULL };
	int ends[2];
	pid_t child;

	if (self->shim_dir[0] == '\0' || jobserver->ledger != NULL || jobserver->path[0] != '/' ||
	    snprintf(launcher, sizeof launcher, "%s/.jobshim/launcher", self->shim_dir) >= (int)sizeof launcher ||
	    snprintf(address, sizeof address, ENV_JOBSERVER "=fifo:%s", jobserver->path) >= (int)sizeof address ||
	    !pipe_high(ends))
		return -1;
	snprintf(pid, sizeof pid, "%d", (int)client->pid);
	snprintf(start, sizeof start, "%" PRIu64, client->start);
	snprintf(hops, sizeof hops, "%u", above);
	child = fork();
	if (child == 0) {
		if (environment_put(address))
			become_payer(launcher, argv, ends[1]);
		_exit(1);
	}
	close(ends[1]);
	if (child > 0)
		(void)RETRY(waitpid(child, NULL, 0));
	else
		close(ends[0]);
	return child > 0 ? ends[0] : -1;
}

bool payer_pays(int told)
{
	ssize_t n;
	char word;

	n = RETRY(read(told, &word, sizeof word));
	close(told);
	return n == sizeof word;
}
