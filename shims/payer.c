#include "payer.h"

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
#include "job.h"
#include "jobserver.h"
#include "ledger.h"
#include "owed.h"
#include "resolve.h"
#include "slot.h"
#include "toolfile.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "proc/process.h"

enum { NUMBER_MAX = 24, LOOK_MS = 100 }; /* LOOK_MS: where the kernel can't tell a process's end */

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

/* What the payer says: nothing, if it never came so far. */
static bool await_word(int fd, const sigset_t *waiting)
{
	struct pollfd told = { .fd = fd, .events = POLLIN };
	ssize_t n;
	char word;

	(void)RETRY(ppoll(&told, 1, NULL, waiting));
	n = RETRY(read(fd, &word, sizeof word));
	return n == sizeof word;
}

bool payer_start(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above,
                 const sigset_t *waiting)
{
	char launcher[PATH_MAX], address[PATH_MAX + sizeof ENV_JOBSERVER "=fifo:"];
	char name[] = "launcher", option[] = "--pay", pid[NUMBER_MAX], start[NUMBER_MAX], hops[NUMBER_MAX];
	char *argv[] = { name, option, pid, start, hops, NULL };
	int ends[2];
	bool told;
	pid_t child;

	if (self->shim_dir[0] == '\0' || jobserver->ledger != NULL || jobserver->path[0] != '/' ||
	    snprintf(launcher, sizeof launcher, "%s/.jobshim/launcher", self->shim_dir) >= (int)sizeof launcher ||
	    snprintf(address, sizeof address, ENV_JOBSERVER "=fifo:%s", jobserver->path) >= (int)sizeof address ||
	    !pipe_high(ends))
		return false;
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
	told = child > 0 && await_word(ends[0], waiting);
	close(ends[0]);
	return told;
}

/* Until it is told whoever waits for us may be killed: then we end, by the pipe's SIGIO. */
static bool follow_starter(bool follows)
{
	const int flags = fcntl(STDOUT_FILENO, F_GETFL);
	struct pollfd starter = { .fd = STDOUT_FILENO };

	/* Of one that was killed before no signal comes. */
	return flags >= 0 && fcntl(STDOUT_FILENO, F_SETOWN, getpid()) == 0 &&
	       fcntl(STDOUT_FILENO, F_SETFL, follows ? flags | O_ASYNC : flags & ~O_ASYNC) == 0 &&
	       (poll(&starter, 1, 0) <= 0 || (starter.revents & POLLERR) == 0);
}

static bool lives(const struct process *client)
{
	struct process now;

	return process_read(client->pid, &now) && now.start == client->start && !now.zombie;
}

static void await_end(const struct process *client)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	struct pollfd end = { .fd = process_open(client->pid), .events = POLLIN };

	while (lives(client)) {
		if (end.fd < 0)
			nanosleep(&pause, NULL);
		else
			ppoll(&end, 1, NULL, NULL);
	}
}

/* What is sent to the whole process group is not for us: the client may go on for a while. */
static void ignore_signals(void)
{
	static const int sent_to_groups[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof sent_to_groups / sizeof sent_to_groups[0]; i++)
		signal(sent_to_groups[i], SIG_IGN);
	signal(SIGIO, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void tell(void)
{
	write_whole(STDOUT_FILENO, "", 1);
	close(STDOUT_FILENO);
}

bool payer_work(const struct self *self, char *const words[])
{
	struct process client;
	uint64_t pid, start, above;
	struct jobserver jobserver;
	struct tool_settings settings;
	struct ledger ledger;
	struct slot slot;
	struct job job;
	sigset_t none;
	const char *why;

	ignore_signals();
	if (!number_read(words[0], INT_MAX, &pid) || !number_read(words[1], UINT64_MAX, &start) ||
	    !number_read(words[2], UINT_MAX, &above) || !follow_starter(true) || !jobserver_open(&jobserver, &why) ||
	    !process_read((pid_t)pid, &client) || client.start != start)
		return false;
	ledger_open(&ledger, &jobserver, LEDGER_MAKE);
	job_of(&client, &jobserver, &ledger, (unsigned)above, &job);
	if (job.ours || !owed_lock(&jobserver, &client)) {
		tell();
		return true;
	}
	(void)!chdir("/"); /* no file system is to be kept busy by us */
	tool_settings_read(&settings, self->shim_dir, client.comm);
	sigemptyset(&none);
	ledger_claim(&ledger, &jobserver, &job, client.comm);
	slot = owed_take(self, &job, &jobserver, &ledger, &none, settings.patience, false);
	if (!follow_starter(false)) {
		slot_give_back(&slot, &jobserver, &ledger);
		return false;
	}
	tell();
	await_end(&client);
	slot_give_back(&slot, &jobserver, &ledger);
	return true;
}
