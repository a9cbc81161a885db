#include "acquire/payer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"

enum { NUMBER_MAX = 24 };

/* The descriptors that we inherited are the build's: its pipes must not stay open because of us. Our own are close-on-exec. */
static bool close_inherited(int directory, const char *name, void *state)
{
	const int fd = (int)number_first(name);

	(void)state;
	if (fd > STDERR_FILENO && !process_fd_cloexec(directory, name))
		close(fd);
	return false;
}

/* In our child: starts the payer as a grandchild, so that no tool finds a child that it did not start. */
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
	char look[PATH_MAX], address[PATH_MAX + sizeof ENV_JOBSERVER "=fifo:"];
	char name[] = "look", command[] = "pay", pid[NUMBER_MAX], start[NUMBER_MAX], hops[NUMBER_MAX];
	char *argv[] = { name, command, pid, start, hops, NULL };
	int ends[2];
	pid_t child;

	if (self->shim_dir[0] == '\0' || jobserver->ledger != NULL || jobserver->path[0] != '/' ||
	    text_put(look, sizeof look, "%s" LOOK_PLACE, self->shim_dir) >= (int)sizeof look ||
	    text_put(address, sizeof address, ENV_JOBSERVER "=fifo:%s", jobserver->path) >= (int)sizeof address ||
	    !pipe_high(ends))
		return -1;
	text_put(pid, sizeof pid, "%d", (int)client->pid);
	text_put(start, sizeof start, "%" PRIu64, client->start);
	text_put(hops, sizeof hops, "%u", above);
	child = fork();
	if (child == 0) {
		if (environment_put(address))
			become_payer(look, argv, ends[1]);
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
