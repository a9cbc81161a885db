/* A herd that waits for one token: starts the waiters, lets the token go round, and prints what waiting cost.
 *
 *   herd KIND JOBS EACH SECONDS FIFO [LAUNCHER]
 *
 * JOBS processes keep EACH waiters: who was served is replaced. KIND is launcher (its tool holds the token; another
 * launcher has the job's implicit slot), read or poll (this program without any launcher). Prints
 *
 *   waiter BEGAN END SERVED SWITCHES CPU   a waiter: ns since the token came in, 0 or 1, voluntary context switches from
 *                                          the one look to the other, ns of CPU time
 *   memory VmRSS RssAnon                   of who still waits at the end (KB)
 *   start NS                               CPU time that it costs a program to start another one
 *   round NS LATE                          how long all took, and ticks at which nobody held the token yet */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAITERS_MAX = 100000, SETUP_SECONDS = 120, STARTS = 100 };
static const uint64_t SECOND = 1000000000u, TICK_NS = 5000000u, SETTLE_NS = 100000u;

extern char **environ;

/* What /proc tells of a process. */
struct look {
	bool asleep;
	uint64_t switches, cpu;
	long rss, anon;
};

/* What is told through the pipe that is everybody's stdout. */
struct report {
	pid_t pid;
	bool got; /* else it has begun to wait */
	uint64_t at;
	struct look look;
};

struct waiter {
	pid_t pid;
	bool served;
	uint64_t began, ended;
	struct look first, last;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "herd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) < 0)
		fail("clock_gettime");
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void sleep_until(uint64_t when)
{
	const struct timespec time = { .tv_sec = (time_t)(when / SECOND), .tv_nsec = (long)(when % SECOND) };

	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	if (errno != 0)
		fail("clock_nanosleep");
}

static void read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	length = read(fd, text, size - 1);
	if (length <= 0)
		fail(path);
	text[length] = '\0';
	close(fd);
}

static const char *field(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	errno = ENOMSG;
	if (found == NULL)
		fail(name);
	return found + strlen(name);
}

static struct look look_at(pid_t pid)
{
	char status[4096], scheduler[128];
	struct look look;

	read_proc(pid, "status", status, sizeof status);
	read_proc(pid, "schedstat", scheduler, sizeof scheduler);
	look.asleep = field(status, "\nState:\t")[0] == 'S';
	look.switches = strtoull(field(status, "\nvoluntary_ctxt_switches:"), NULL, 10);
	look.cpu = strtoull(scheduler, NULL, 10);
	look.rss = look.asleep ? strtol(field(status, "\nVmRSS:"), NULL, 10) : 0;
	look.anon = look.asleep ? strtol(field(status, "\nRssAnon:"), NULL, 10) : 0;
	return look;
}

/* Nobody sleeps so before it waits, or before its tool runs: files and vfork are waited for in the state D. */
static struct look look_once_asleep(pid_t pid)
{
	struct look look = look_at(pid);

	while (!look.asleep) {
		sleep_until(now() + SETTLE_NS);
		look = look_at(pid);
	}
	return look;
}

static void tell(pid_t pid, bool got, const struct look *look)
{
	struct report report = { .pid = pid, .got = got, .at = now() };

	if (look != NULL)
		report.look = *look;
	if (write(STDOUT_FILENO, &report, sizeof report) != (ssize_t)sizeof report)
		fail("report");
}

/* Says that pid has the token, and keeps it until it is taken away. */
static void hold(pid_t pid)
{
	char byte;

	tell(pid, true, NULL);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		fail("release");
}

/* The comparison: takes a token from the FIFO as simply as can be. */
static void wait_plainly(const char *fifo, bool polls)
{
	int fd = open(fifo, O_RDWR | O_CLOEXEC | (polls ? O_NONBLOCK : 0));
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	char token;

	if (fd < 0)
		fail(fifo);
	for (;;) {
		ssize_t n;

		if (polls && poll(&readable, 1, -1) < 0)
			fail("poll");
		n = read(fd, &token, 1);
		if (n == 1)
			break;
		if (n == 0 || !polls || errno != EAGAIN)
			fail("read");
	}
	hold(getpid());
	if (write(fd, &token, 1) != 1)
		fail("write");
}

/* Forks a process that ends with its parent; so nothing is left of a bench that is killed. */
static pid_t fork_tied(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		fail("prctl");
	return pid;
}

static pid_t start(char **argv)
{
	pid_t pid = fork_tied();

	if (pid != 0)
		return pid;
	execv(argv[0], argv);
	fail(argv[0]);
}

/* A child of the client, and so a job. */
static _Noreturn void keep_waiters(char **holder, char **waiter, int count)
{
	if (holder != NULL)
		look_once_asleep(start(holder));
	for (int i = 0;; i++) {
		struct look look;
		int status;
		pid_t pid;

		if (i >= count && (wait(&status) < 0 || status != 0))
			fail("a waiter failed");
		pid = start(waiter);
		look = look_once_asleep(pid); /* one after the other: they arrive in the order of their start */
		tell(pid, false, &look);
	}
}

/* The look at a served launcher comes after it has started its tool: this much of its time was no wait. */
static void print_start(char *self)
{
	char *argv[] = { self, "nothing", NULL };
	uint64_t spent = 0;

	for (int i = 0; i < STARTS; i++) {
		uint64_t before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		pid_t pid;

		errno = posix_spawn(&pid, self, NULL, NULL, argv, environ); /* by vfork */
		if (errno != 0)
			fail(self);
		spent += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
		if (waitpid(pid, NULL, 0) < 0)
			fail("waitpid");
	}
	printf("start %llu\n", (unsigned long long)spent / STARTS);
}

struct herd {
	int reports, releases; /* our ends of the two pipes */
	struct waiter *waiters;
	int count;
	pid_t holder; /* 0: nobody has said that it has the token */
	uint64_t held_at;
};

static bool next_report(const struct herd *herd, struct report *report, bool block)
{
	struct pollfd readable = { .fd = herd->reports, .events = POLLIN };
	int ready = poll(&readable, 1, block ? SETUP_SECONDS * 1000 : 0);

	if (ready < 0 || (ready == 0 && block))
		fail("no report");
	if (ready == 0)
		return false;
	if (read(herd->reports, report, sizeof *report) != (ssize_t)sizeof *report)
		fail("report");
	return true;
}

static void take_note(struct herd *herd, const struct report *report)
{
	struct waiter *waiter = &herd->waiters[herd->count];

	errno = EPROTO;
	if (report->got ? herd->holder != 0 : herd->count == WAITERS_MAX)
		fail(report->got ? "two hold the only token" : "too many waiters");
	if (report->got) {
		herd->holder = report->pid;
		herd->held_at = report->at;
		return;
	}
	*waiter = (struct waiter){ .pid = report->pid, .began = report->at, .first = report->look };
	herd->count++;
}

/* Looks at the token's holder, once that sleeps beside its tool. False where it does not yet, or is not yet told of. */
static bool serve(struct herd *herd)
{
	struct report report;

	while (next_report(herd, &report, false))
		take_note(herd, &report);
	for (int i = 0; herd->holder != 0 && i < herd->count; i++) {
		struct waiter *waiter = &herd->waiters[i];

		if (waiter->served || waiter->pid != herd->holder)
			continue;
		waiter->last = look_at(waiter->pid);
		waiter->served = waiter->last.asleep;
		waiter->ended = herd->held_at;
		herd->holder = waiter->served ? 0 : herd->holder;
		return waiter->served;
	}
	return false;
}

static void go_round(struct herd *herd, int fifo, int seconds)
{
	uint64_t began, tick, end;
	int late = 0;

	for (int i = 0; i < herd->count; i++)
		herd->waiters[i].first = look_at(herd->waiters[i].pid);
	began = now();
	end = began + (uint64_t)seconds * SECOND;
	for (int i = 0; i < herd->count; i++)
		herd->waiters[i].began = began;
	if (write(fifo, "+", 1) != 1)
		fail("write");
	for (tick = began + TICK_NS; tick < end; tick += TICK_NS) {
		sleep_until(tick);
		if (!serve(herd))
			late++;
		else if (write(herd->releases, "", 1) != 1)
			fail("release");
		errno = ECHILD;
		if (waitpid(-1, NULL, WNOHANG) != 0)
			fail("a job ended");
	}
	sleep_until(end);
	serve(herd);
	for (int i = 0; i < herd->count; i++) {
		struct waiter *waiter = &herd->waiters[i];

		if (!waiter->served) {
			waiter->last = look_at(waiter->pid);
			waiter->ended = now();
			printf("memory %ld %ld\n", waiter->last.rss, waiter->last.anon);
		}
		printf("waiter %lld %lld %d %lld %lld\n", (long long)(waiter->began - began),
		       (long long)(waiter->ended - began), waiter->served,
		       (long long)(waiter->last.switches - waiter->first.switches),
		       (long long)(waiter->last.cpu - waiter->first.cpu));
	}
	printf("round %llu %d\n", (unsigned long long)(end - began), late);
}

/* All that is below the jobs ends with them, and becomes our child. */
static void end_all(const pid_t *jobs, int count)
{
	for (int i = 0; i < count; i++)
		if (kill(jobs[i], SIGKILL) < 0)
			fail("kill");
	while (wait(NULL) > 0)
		;
	if (errno != ECHILD)
		fail("wait");
}

/* Makes the jobserver, without a token yet. That it is open with O_CLOEXEC makes us its client. */
static int make_jobserver(char *path)
{
	char flags[4200];
	int fd;

	snprintf(flags, sizeof flags, " -j2 --jobserver-auth=fifo:%s", path);
	if (setenv("MAKEFLAGS", flags, 1) < 0 || mkfifo(path, 0600) < 0 ||
	    (fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		fail(path);
	return fd;
}

static void run_herd(char *self, char **argv)
{
	const int count = atoi(argv[2]), each = atoi(argv[3]);
	char *holder[] = { argv[6], self, "idle", NULL }, *launcher[] = { argv[6], self, "hold", NULL };
	char *plain[] = { self, argv[1], argv[5], NULL };
	int fifo = make_jobserver(argv[5]), reports[2], releases[2];
	struct herd herd = { .waiters = calloc(WAITERS_MAX, sizeof *herd.waiters) };
	pid_t *jobs = calloc((size_t)count, sizeof *jobs);

	if (herd.waiters == NULL || jobs == NULL || pipe2(reports, O_CLOEXEC) < 0 || pipe2(releases, O_CLOEXEC) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		fail("set-up");
	herd.reports = reports[0];
	herd.releases = releases[1];
	for (int i = 0; i < count; i++) {
		jobs[i] = fork_tied();
		if (jobs[i] == 0) {
			if (close(fifo) < 0 || dup2(releases[0], STDIN_FILENO) < 0 || dup2(reports[1], STDOUT_FILENO) < 0)
				fail("job");
			keep_waiters(argv[6] == NULL ? NULL : holder, argv[6] == NULL ? plain : launcher, each);
		}
		for (int told = 0; told < each; told++) {
			struct report report;

			next_report(&herd, &report, true);
			take_note(&herd, &report);
		}
	}
	go_round(&herd, fifo, atoi(argv[4]));
	end_all(jobs, count);
	print_start(self);
	if (unlink(argv[5]) < 0)
		fail(argv[5]);
}

int main(int argc, char **argv)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length < 0)
		fail("/proc/self/exe");
	self[length] = '\0';
	if (argc == 2 && strcmp(argv[1], "idle") == 0)
		return pause();
	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0;
	if (argc == 2 && strcmp(argv[1], "hold") == 0)
		hold(getppid());
	else if (argc == 3)
		wait_plainly(argv[2], strcmp(argv[1], "poll") == 0);
	else if (argc == 6 || argc == 7)
		run_herd(self, argv);
	else
		fail("wrong usage");
	return fflush(stdout) != 0;
}
