#include "sandbox/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/retry.h"
#include "ledger/mapping.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "sandbox/filter.h"
#include "sandbox/kernelabi.h"
#include "sandbox/nesting.h"

enum {
	UNSEEN = 1024, /* so many programs may have ended before they were received, and were never noted */
	BEAT_MS = 1000,
};

/* Programs that may stand still: the kernel gives their ids one after another, from a number that nobody knows. */
struct standing {
	struct seccomp_notice notice; /* of the last one: SIGKILL may come before that is noted, but not before the kernel has written it */
	uint64_t first, last;         /* 0: none was noted */
};

static struct standing own;

static struct {
	int listener;
	int life; /* a pipe that nobody but the supervisor has open for writing: it closes as that ends */
	pid_t pid; /* 0: there is none */
	struct standing *standing; /* shared with all that follow, if that can be had */
} successor = { .standing = &own };

struct seccomp_notice *successor_notice(void)
{
	return &successor.standing->notice;
}

void successor_note(const struct started *started, bool is_only)
{
	successor.standing->last = started->id;
	if (is_only)
		successor.standing->first = started->id;
}

/* Whether a process is left in the sandbox. */
static bool is_in_use(void)
{
	struct pollfd ready = { .fd = successor.listener };

	return RETRY(poll(&ready, 1, 0)) == 0;
}

/* Whoever was received by one that was killed before it answered. */
static void let_go_of_received(void)
{
	const struct standing standing = *successor.standing;
	const uint64_t last = standing.notice.id != 0 ? standing.notice.id : standing.last;

	for (uint64_t id = standing.first != 0 ? standing.first : last; id != last + UNSEEN; id++)
		filter_let_go(successor.listener, &(struct started){ .id = id });
}

/* Lets everything go on, until no process is left in the sandbox. */
static void answer(void)
{
	struct pollfd ready = { .fd = successor.listener, .events = POLLIN };
	uint64_t arguments[6];
	struct started started;

	let_go_of_received();
	while (RETRY(poll(&ready, 1, -1)) > 0) {
		if ((ready.revents & POLLIN) == 0)
			return;
		if (!filter_receive(successor.listener, successor_notice(), &started, arguments))
			continue;
		successor_note(&started, true);
		if (nesting_is_wanted(arguments))
			filter_return(successor.listener, &started, nesting_answer(arguments, NULL));
		else
			filter_let_go(successor.listener, &started);
	}
}

/* The same by a child, which is continued if somebody stops it, and replaced if somebody kills it. */
static void see_to_answers(void)
{
	while (is_in_use()) {
		int status = 0;
		const pid_t child = fork();

		if (child == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGCONT);
			answer();
			_exit(0);
		}
		if (child < 0) {
			answer();
			return;
		}
		while (RETRY(waitpid(child, &status, WUNTRACED)) == child && WIFSTOPPED(status))
			kill(child, SIGCONT);
	}
}

/* Whoever started the supervisor continues or kills it if it is stopped. After their end we do. */
static void wait_for_end_of(pid_t supervisor, int starter)
{
	struct pollfd ready[] = { { .fd = STDIN_FILENO }, { .fd = successor.listener }, { .fd = starter, .events = POLLIN } };
	int happened = RETRY(poll(ready, 3, -1));

	while (happened >= 0 && ready[0].revents == 0 && ready[1].revents == 0) {
		kill(supervisor, SIGCONT); /* it has not ended, so this is no other process */
		happened = RETRY(poll(ready, 2, BEAT_MS));
	}
}

/* Nothing of the supervisor's stays open: a jobserver that is open counts as used, and a lock goes with the last descriptor of its file, and
 * the last page of it that is mapped. */
static _Noreturn void work(int life, pid_t supervisor, pid_t starter)
{
	const int nowhere = open_high("/dev/null", O_RDWR);

	(void)prctl(PR_SET_PDEATHSIG, SIGCONT);
	close(successor.life);
	if (life != STDIN_FILENO && dup2(life, STDIN_FILENO) < 0)
		_exit(1);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (nowhere < 0 || dup2(nowhere, fd) < 0)
			close(fd);
	descriptors_close_but(successor.listener);
	mapping_end();
	wait_for_end_of(supervisor, process_open(starter));
	see_to_answers();
	_exit(0);
}

void successor_start(int listener, pid_t starter)
{
	const pid_t supervisor = getpid();
	int life[2];
	void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	successor.listener = listener;
	if (shared != MAP_FAILED)
		successor.standing = shared;
	if (!pipe_high(life))
		return;
	successor.life = life[1];
	successor.pid = fork();
	if (successor.pid == 0)
		work(life[0], supervisor, starter);
	close(life[0]);
	if (successor.pid < 0)
		successor.pid = 0;
}

void successor_leave(bool is_open)
{
	const bool is_needed = is_open && is_in_use();

	if (!is_needed && successor.pid > 0) {
		kill(successor.pid, SIGCONT);
		(void)RETRY(waitpid(successor.pid, NULL, 0));
	} else if (is_needed && (successor.pid <= 0 || RETRY(waitpid(successor.pid, NULL, WNOHANG)) != 0)) {
		see_to_answers();
	}
}
