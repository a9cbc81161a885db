#include "sandbox/phase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/retry.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "sandbox/possible.h"
#include "sandbox/supervisor.h"

/* As `run` does it: src/launcher/supervisor.ts. */
enum { BEAT_MS = 1000, BEATS_MISSED = 5, ANSWER_MAX = 256 };

#define NO_SANDBOX "no sandbox for this phase: %s: the shims keep its limit"

static const uint64_t MS = 1000000; /* in nanoseconds */

/* What the supervisor does not need of the phase: its end of a pipe would keep the reader waiting, and a jobserver that is open counts as
 * used. */
static bool let_go_of_phase(int kept)
{
	const int nowhere = open_high("/dev/null", O_RDWR);
	const bool done = nowhere >= 0 && dup2(nowhere, STDIN_FILENO) >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0;

	descriptors_close_but(kept);
	return done;
}

struct guard {
	int phase;   /* can be read when its shell has ended */
	int told;    /* a pipe: a byte says that all is ready */
	int control; /* to the supervisor */
	pid_t supervisor;
};

static bool start_supervisor(struct guard *guard, const struct self *self, char *socket)
{
	char control[NUMBER_DIGITS_MAX + 1];
	char *const words[] = { control, socket, NULL };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	guard->supervisor = fork();
	if (guard->supervisor == 0) {
		number_put(control, (uint64_t)ends[1]);
		close(guard->phase);
		close(guard->told);
		close(ends[0]);
		_exit(supervisor_work(self, words) ? 0 : 1);
	}
	guard->control = ends[0];
	close(ends[1]);
	return guard->supervisor > 0;
}

/* Whether the supervisor is ready. Says why not, as the supervisor tells it. */
static bool is_ready(const struct guard *guard)
{
	struct pollfd ready = { .fd = guard->control, .events = POLLIN };
	char answer[ANSWER_MAX];
	ssize_t length;

	if (RETRY(poll(&ready, 1, BEATS_MISSED * BEAT_MS)) <= 0) {
		kill(guard->supervisor, SIGKILL);
		report(NO_SANDBOX, "its supervisor stood still");
		return false;
	}
	length = RETRY(recv(guard->control, answer, sizeof answer - 1, 0));
	answer[length < 0 ? 0 : length] = '\0';
	if (strcmp(answer, "ready\n") == 0)
		return true;
	report(NO_SANDBOX, length > 0 ? answer : "its supervisor has ended");
	return false;
}

static bool is_answered(int control)
{
	char answer[ANSWER_MAX];
	const ssize_t length = RETRY(recv(control, answer, sizeof answer, MSG_DONTWAIT));

	return length > 0 || (length < 0 && errno == EAGAIN);
}

/* It ends by itself only if nobody has entered its sandbox, which whoever tried to has said. */
static void tell_end(pid_t supervisor)
{
	int status;

	if (RETRY(waitpid(supervisor, &status, 0)) == supervisor && WIFSIGNALED(status))
		report("the supervisor of the sandbox has ended: from here on tools run without a limit");
}

/* False if it has stood still for too long. */
static bool beat(const struct guard *guard, int *missed)
{
	if ((*missed)++ < BEATS_MISSED) {
		(void)!send(guard->control, ".", 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* one that can't be sent is missed */
		return true;
	}
	kill(guard->supervisor, SIGKILL);
	report("the supervisor of the sandbox stood still for %d s, and was ended: from here on tools run without a limit", BEATS_MISSED);
	return false;
}

/* Returns at the end of the phase, or of the supervisor. */
static void stay(const struct guard *guard)
{
	uint64_t due = monotonic_ns() + BEAT_MS * MS;
	int missed = 0;

	for (;;) {
		struct pollfd ready[] = { { .fd = guard->phase, .events = POLLIN },
			                  { .fd = guard->control, .events = POLLIN } };
		const uint64_t now = monotonic_ns();
		const int wait = due > now ? (int)((due - now) / MS) + 1 : 0;

		if (poll(ready, 2, wait) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (ready[0].revents != 0)
			return;
		if (ready[1].revents != 0 && !is_answered(guard->control)) {
			tell_end(guard->supervisor);
			return;
		}
		if (ready[1].revents != 0)
			missed = 0;
		if (monotonic_ns() < due)
			continue;
		if (!beat(guard, &missed))
			return;
		due = monotonic_ns() + BEAT_MS * MS;
	}
}

/* In a session of its own: a terminal's ^C and ^Z are for the build. As it ends, its end of the control closes. */
static _Noreturn void work(const struct self *self, pid_t phase, int told, char *socket)
{
	struct guard guard = { .told = told };

	setsid();
	guard.phase = let_go_of_phase(told) ? process_open(phase) : -1;
	if (guard.phase < 0 || !start_supervisor(&guard, self, socket)) {
		report(NO_SANDBOX, strerror(errno));
		_exit(1);
	}
	if (!is_ready(&guard))
		_exit(1);
	if (write_whole(told, "", 1)) {
		close(told);
		(void)!chdir("/"); /* so that we keep no file system busy */
		stay(&guard);
	}
	_exit(0);
}

bool phase_begin(const struct self *self, char *const words[])
{
	uint64_t phase;
	int told[2];
	pid_t guard;
	char byte;

	if (!number_read(words[0], INT_MAX, &phase)) {
		report("look phase %s: no process", words[0]);
		return false;
	}
	if (sandbox_try() == FILTER_REFUSED) {
		report(NO_SANDBOX, sandbox_why_not(errno));
		return false;
	}
	if (!pipe_high(told)) {
		report(NO_SANDBOX, strerror(errno));
		return false;
	}
	guard = fork();
	if (guard == 0)
		work(self, (pid_t)phase, told[1], words[1]);
	if (guard < 0)
		report(NO_SANDBOX, strerror(errno));
	close(told[1]);
	return guard > 0 && RETRY(read(told[0], &byte, 1)) == 1;
}
