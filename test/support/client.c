/* What the launcher makes of a process that has a FIFO open among other descriptors: `client FIFO CASE ...`, where a case is
 * COUNT:STEP:PLACE:KIND. A child has COUNT descriptors, STEP numbers apart, of which the one at PLACE is the FIFO: `own`, with O_CLOEXEC;
 * `inherited`, without; `none`: it is not; `churn`: `own`, while others of its descriptors are opened and closed all the time; `hidden`:
 * `own`, and we are another user. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/client.h"
#include "pool/jobserver.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/subject.h"

enum { CHURNED = 900, HIGH = 1000, LOOKS = 300, NOBODY = 65534 };

struct holder {
	int count, step, place;
	const char *kind;
};

static _Noreturn void hold(const struct holder *holder, const char *fifo)
{
	const int opened = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int high = fcntl(opened, F_DUPFD_CLOEXEC, HIGH), high_null = fcntl(null, F_DUPFD_CLOEXEC, HIGH + 1);

	if (high < 0 || high_null < 0)
		_exit(1);
	for (int fd = 0; fd < high; fd++)
		close(fd);
	for (int i = 0; i < holder->count; i++) {
		const bool fifos = i == holder->place && strcmp(holder->kind, "none") != 0;
		const bool is_stream = i * holder->step <= STDERR_FILENO && !fifos; /* if all are marked, that tells nothing of the FIFO */
		const int flags = strcmp(holder->kind, "inherited") == 0 || is_stream ? 0 : O_CLOEXEC;

		dup3(fifos ? high : high_null, i * holder->step, flags);
	}
	close(high);
	if (strcmp(holder->kind, "churn") == 0) {
		kill(getppid(), SIGUSR1);
		for (;;) {
			dup3(high_null, CHURNED, O_CLOEXEC);
			dup3(high_null, CHURNED + 1, O_CLOEXEC);
			close(CHURNED);
			close(CHURNED + 1);
		}
	}
	close(high_null);
	raise(SIGSTOP);
	_exit(0);
}

struct list {
	int fds[4096];
	int count;
};

static bool add(int directory, const char *name, void *state)
{
	struct list *list = state;
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && list->count < 4096)
		list->fds[list->count++] = (int)strtol(name, NULL, 10);
	return false;
}

static int compare(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

/* Whether a search that finds nothing meets each descriptor, and each once. */
static bool meets_each_once(pid_t pid)
{
	static struct list listed, searched;

	listed.count = searched.count = 0;
	if (process_each_fd(pid, add, &listed) || process_find_fd(pid, add, &searched))
		return false;
	qsort(searched.fds, (size_t)searched.count, sizeof searched.fds[0], compare);
	return listed.count == searched.count && memcmp(listed.fds, searched.fds, (size_t)listed.count * sizeof listed.fds[0]) == 0;
}

static const char *name_of(int answer)
{
	static const char *const names[] = { "no", "yes", "ours", "payer", "hidden", "unknown" };

	return names[answer];
}

static void tell(const struct holder *holder, const char *fifo)
{
	struct jobserver jobserver = { .read_fd = -1, .write_fd = -1, .path = fifo };
	const struct subject self = { .is_self = true };
	const bool churns = strcmp(holder->kind, "churn") == 0, hides = strcmp(holder->kind, "hidden") == 0;
	struct process process;
	struct stat status;
	sigset_t started;
	int answer = -1;
	pid_t child;

	sigemptyset(&started);
	sigaddset(&started, SIGUSR1);
	sigprocmask(SIG_BLOCK, &started, NULL);
	fflush(stdout);
	child = fork();
	if (child == 0)
		hold(holder, fifo);
	if (churns ? sigwaitinfo(&started, NULL) < 0 : waitpid(child, NULL, WUNTRACED) != child)
		exit(1);
	if (stat(fifo, &status) < 0 || !process_read(child, &process))
		exit(1);
	jobserver.device = status.st_dev;
	jobserver.inode = status.st_ino;
	if (hides && seteuid(NOBODY) < 0)
		exit(1);
	for (int look = 0; look < (churns ? LOOKS : 1); look++) {
		const int last = answer;

		answer = client_of(&process, &jobserver, &self, true);
		if (last >= 0 && answer != last)
			printf("once %s, then ", name_of(last));
	}
	printf("%s%s\n", name_of(answer), churns || meets_each_once(child) ? "" : ", not each descriptor once");
	if (hides && seteuid(0) < 0)
		exit(1);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		struct holder holder = { .kind = strrchr(argv[i], ':') + 1 };

		if (sscanf(argv[i], "%d:%d:%d:", &holder.count, &holder.step, &holder.place) != 3)
			return 2;
		printf("%s ", argv[i]);
		tell(&holder, argv[1]);
	}
	return 0;
}
