#include "sandbox/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/retry.h"
#include "ledger/counters.h"
#include "ledger/ledger.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "rules/policy.h"
#include "sandbox/ancestors.h"
#include "sandbox/filter.h"
#include "sandbox/handover.h"
#include "sandbox/journalentry.h"
#include "sandbox/nesting.h"
#include "sandbox/programs.h"
#include "sandbox/shimtools.h"
#include "sandbox/successor.h"
#include "sandbox/supervised.h"
#include "sandbox/unknown.h"
#include "tool/resolve.h"

enum { CONTROL, HANDOVER, LISTENER, ENTRANT, SOURCES, PINGS_MAX = 64 };

static struct {
	int control, handover, listener;
	int entrant;  /* its end is that of the build; -1: it can't be watched */
	bool is_left; /* nobody is at the other end of the control, or says anything more there */
	const char *shim_dir;
	struct jobserver jobserver;
	struct ledger ledger;
} supervisor;

static bool tell(const char *line)
{
	const size_t length = strlen(line);

	return send(supervisor.control, line, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* For each program two descriptors at most: the limit of a shell would be too low. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Whoever reads it waits for its end, and a process of the build may outlive that for long. */
static void let_go_of_stderr(void)
{
	const int nowhere = open_high("/dev/null", O_WRONLY);

	if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		close(STDERR_FILENO);
	if (nowhere >= 0)
		close(nowhere);
}

static bool somebody_is_left(void)
{
	struct pollfd listener = { .fd = supervisor.listener };

	return supervisor.listener >= 0 && (RETRY(poll(&listener, 1, 0)) < 0 || (listener.revents & POLLHUP) == 0);
}

/* To `run`; the guard of an ebuild's phase is gone by now. */
static void tell_unknown(void)
{
	char line[UNKNOWN_LINE];

	if (unknown_tell(line, sizeof line) && !tell(line))
		unknown_report();
}

/* Sends back what came: by that it is known that we are not stopped. If whoever started us was killed we go on as long as the build does. */
static void answer_control(void)
{
	char pings[PINGS_MAX];
	const ssize_t n = RETRY(recv(supervisor.control, pings, sizeof pings, MSG_DONTWAIT));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || send(supervisor.control, pings, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		supervisor.is_left = true;
}

static void end_build(void)
{
	tell_unknown();
	let_go_of_stderr();
	supervised_close();
	ledger_close(&supervisor.ledger);
	jobserver_close(&supervisor.jobserver);
	/* Last: `run` waits for it, and finds all written and given back. If nobody is left, we end: that closes it, and
	 * `run` leaves no process behind. */
	if (somebody_is_left())
		close(supervisor.control);
	supervisor.control = -1;
}

/* A sandbox inside ours begins, or has ended: all that ended before it is seen first. */
static void answer_nested(const struct started *started, const uint64_t arguments[6])
{
	const size_t mark = arena_mark();
	struct common own;

	supervised_see_ends();
	own = (struct common){
		.pool = common_pool(&supervisor.jobserver),
		.shims = common_shims(supervisor.shim_dir),
		.rules = common_rules(policy_text(supervisor.shim_dir, true)),
	};
	arena_release(mark);
	filter_return(supervisor.listener, started, nesting_answer(arguments, &own));
}

static void answer_started(void)
{
	struct started started;
	struct program program;
	uint64_t arguments[6];

	if (!filter_receive(supervisor.listener, successor_notice(), &started, arguments))
		return;
	successor_note(&started, !supervised_waits());
	if (nesting_is_wanted(arguments)) {
		answer_nested(&started, arguments);
		return;
	}
	ancestors_forget(started.pid);
	if (supervised_knows(&started))
		return;
	if (programs_match(started.pid, &program) || program.is_unknown) {
		supervised_add(&started, &program);
		return;
	}
	if (program.is_launcher)
		supervised_prepare_for(&started);
	filter_let_go(supervisor.listener, &started);
}

/* Nobody is left in the sandbox. */
static void forget_listener(void)
{
	close(supervisor.listener);
	supervisor.listener = -1;
}

static bool take_listener(const struct self *self)
{
	const struct supervised_in in = {
		.jobserver = &supervisor.jobserver,
		.ledger = &supervisor.ledger,
		.self = self,
		.listener = handover_take(supervisor.handover, &supervisor.entrant),
	};

	close(supervisor.handover);
	supervisor.handover = -1;
	supervisor.listener = in.listener;
	if (in.listener < 0)
		return false;
	filter_quicken(in.listener);
	successor_start(in.listener, getppid());
	return supervised_open(&in);
}

static void sleep_until(struct pollfd ready[], nfds_t count, uint64_t due_ns)
{
	static const uint64_t second = 1000000000;
	const uint64_t now = due_ns == UINT64_MAX ? 0 : monotonic_ns(), wait = due_ns > now ? due_ns - now : 0;
	const struct timespec timeout = { .tv_sec = (time_t)(wait / second), .tv_nsec = (long)(wait % second) };

	if (ppoll(ready, count, due_ns == UINT64_MAX ? NULL : &timeout, NULL) < 0)
		for (nfds_t i = 0; i < count; i++)
			ready[i].revents = 0;
}

/* Until the build is over. */
static bool work(const struct self *self)
{
	static struct pollfd ready[SOURCES + SUPERVISED_POLLED];

	for (;;) {
		uint64_t due_ns = UINT64_MAX;
		const nfds_t runs = supervisor.listener < 0 ? 0 : supervised_watch(ready + SOURCES, &due_ns);

		ready[CONTROL] = (struct pollfd){ .fd = supervisor.is_left ? -1 : supervisor.control, .events = POLLIN };
		ready[HANDOVER] = (struct pollfd){ .fd = supervisor.handover, .events = POLLIN };
		ready[LISTENER] = (struct pollfd){ .fd = supervisor.listener, .events = POLLIN };
		ready[ENTRANT] = (struct pollfd){ .fd = supervisor.is_left ? supervisor.entrant : -1, .events = POLLIN };
		sleep_until(ready, SOURCES + runs, due_ns);
		if (ready[HANDOVER].revents != 0 && !take_listener(self))
			return false;
		if (runs > 0)
			supervised_step(ready + SOURCES, runs); /* first: what the poll was for may be gone after the others */
		if (ready[LISTENER].revents != 0) {
			if ((ready[LISTENER].revents & POLLIN) != 0)
				answer_started();
			else
				forget_listener();
		}
		if (ready[CONTROL].revents != 0)
			answer_control();
		if (ready[ENTRANT].revents != 0 || (supervisor.is_left && supervisor.entrant < 0)) {
			end_build();
			successor_leave(supervisor.listener >= 0); /* else its number may be that of another file by now */
			return true;
		}
	}
}

bool supervisor_work(const struct self *self, char *const words[])
{
	uint64_t control;
	const char *why = "";

	if (!number_read(words[0], INT32_MAX, &control) || fcntl((int)control, F_SETFD, FD_CLOEXEC) < 0) {
		report("look supervise %s: no descriptor", words[0]);
		return false;
	}
	supervisor.control = (int)control;
	supervisor.listener = -1;
	supervisor.entrant = -1;
	supervisor.shim_dir = self->shim_dir;
	signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGCONT); /* once `run` is gone nobody sees that we are stopped */
	raise_limit();
	if (!jobserver_open(&supervisor.jobserver, &why))
		return tell(why) && false;
	ledger_open(&supervisor.ledger, &supervisor.jobserver, LEDGER_MAKE);
	ledger_note_supervisor(&supervisor.ledger);
	journal_entries_open(&supervisor.jobserver, &supervisor.ledger);
	supervisor.handover = handover_open(words[1]);
	if (supervisor.handover < 0)
		return tell(strerror(errno)) && false;
	shimtools_learn(self->shim_dir);
	(void)!chdir("/");
	return tell("ready\n") && work(self);
}
