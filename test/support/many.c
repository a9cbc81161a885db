/* One process that takes slots for many runs at once, as acquire.h has it: what a supervisor does.
 *
 *   many COUNT SLOTS PROGRAM ARGS   starts COUNT processes that stand still until each has SLOTS slots of the jobserver that our environment
 *                                   names; then each becomes PROGRAM ARGS NUMBER. Gives the slots back as they end.
 *
 * Prints how many ran, how many of them without a slot, and how many locks are left: "COUNT 0 0 0\n" if all is well (locks of the
 * jobserver, locks in the ledger). Ends with 1 if a program failed. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acquire/acquire.h"
#include "contract.h"
#include "ground/clock.h"
#include "ledger/ledger.h"
#include "ledger/records.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "rules/policy.h"
#include "tool/resolve.h"
#include "wait/sleeper.h"

enum { MANY_MAX = 256, LOCKS_MAX = 8 * MANY_MAX };

enum stage { WAITS, RUNS, ENDED };

static struct run {
	enum stage stage;
	pid_t pid;
	int go;  /* written to: it becomes its program */
	int end; /* its pidfd */
	struct subject subject;
	struct job job;
	struct acquire acquire;
	struct gathering gathering;
	struct waiting waiting;
} runs[MANY_MAX];

static struct jobserver jobserver;
static struct ledger ledger;
static struct lock locks[LOCKS_MAX];
static struct pool pool = { .jobserver = &jobserver, .ledger = &ledger, .locks = { .held = locks, .room = LOCKS_MAX } };
static struct policy policy;
static struct self self;
static int count, ended, without, failed;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(99);
}

static pid_t start(char *const argv[], int words, int number, int *go)
{
	char last[16], *all[64], byte;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		die("start");
	*go = ends[1];
	if (child > 0) {
		close(ends[0]);
		return child;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		_exit(98);
	snprintf(last, sizeof last, "%d", number);
	memcpy(all, argv, (size_t)words * sizeof *argv);
	all[words] = last;
	all[words + 1] = NULL;
	execv(all[0], all);
	_exit(97);
}

static void begin(struct run *run)
{
	run->end = process_open(run->pid);
	if (run->end < 0 || !subject_of(run->pid, &run->subject))
		die("subject");
	run->job = job_find(&run->subject, &jobserver, &ledger, false);
	acquire_begin(&run->acquire, &(struct acquire_for){
	                                  .pool = &pool,
	                                  .subject = &run->subject,
	                                  .self = &self,
	                                  .tool = "many",
	                                  .job = &run->job,
	                                  .policy = &policy,
	                                  .gathering = policy.tokens > 1 ? &run->gathering : NULL,
	                                  .patience = 30,
	                              });
}

/* True if it waits no more. */
static bool step(struct run *run, bool timed_out)
{
	if (run->stage != WAITS || !acquire_step(&run->acquire, timed_out, &run->waiting))
		return false;
	without += run->acquire.slot.kind == SLOT_OVERDRAFT || run->acquire.slot.kind == SLOT_NONE;
	if (write(run->go, "", 1) != 1)
		die("go");
	close(run->go);
	run->stage = RUNS;
	return true;
}

static void end(struct run *run)
{
	int status;

	if (waitpid(run->pid, &status, 0) != run->pid)
		die("waitpid");
	failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	acquire_give_back(&run->acquire);
	acquire_end(&run->acquire);
	close(run->end);
	run->stage = ENDED;
	ended++;
}

/* In order of arrival: who comes first takes what there is. */
static void step_all(void)
{
	for (int i = 0; i < count; i++)
		step(&runs[i], false);
}

static uint64_t next_due(void)
{
	uint64_t due = UINT64_MAX;

	for (int i = 0; i < count; i++)
		if (runs[i].stage == WAITS && runs[i].waiting.due_ns < due)
			due = runs[i].waiting.due_ns;
	return due;
}

/* Sleeps until something that a run waits for is there, and steps those runs. */
static void turn(void)
{
	static struct pollfd ends[1 + 3 * MANY_MAX];
	const uint64_t due = next_due();
	uint64_t now = monotonic_ns();
	bool token = false, any = false;

	for (int i = 0; i < count; i++) {
		const bool waits = runs[i].stage == WAITS;

		token = token || (waits && runs[i].waiting.token);
		ends[1 + 3 * i] = (struct pollfd){ .fd = runs[i].stage == RUNS ? runs[i].end : -1, .events = POLLIN };
		ends[2 + 3 * i] = (struct pollfd){ .fd = waits ? runs[i].waiting.call : -1, .events = POLLIN };
		ends[3 + 3 * i] = (struct pollfd){ .fd = waits ? runs[i].waiting.end : -1, .events = POLLIN };
	}
	ends[0] = (struct pollfd){ .fd = token ? jobserver.read_fd : -1, .events = POLLIN };
	if (poll(ends, 1 + 3 * (nfds_t)count, due == UINT64_MAX ? -1 : due <= now ? 0 : (int)((due - now) / 1000000 + 1)) < 0)
		die("poll");
	for (int i = 0; i < count; i++)
		if (ends[1 + 3 * i].revents != 0)
			end(&runs[i]), any = true;
	/* A slot that one of us gave back may be the next one's, of which nobody else tells. */
	if (any || ends[0].revents != 0)
		step_all();
	now = monotonic_ns();
	for (int i = 0; i < count; i++) {
		const bool called = ends[2 + 3 * i].revents != 0 && call_is_heard(jobserver.read_fd, ends[2 + 3 * i].fd);

		if (called || ends[3 + 3 * i].revents != 0)
			step(&runs[i], false);
		else if (runs[i].stage == WAITS && runs[i].waiting.due_ns <= now)
			step(&runs[i], true);
	}
}

int main(int argc, char *argv[])
{
	const char *why;

	count = argc < 4 ? 0 : atoi(argv[1]);
	if (count < 1 || count > MANY_MAX || argc > 32)
		return 2;
	prctl(PR_SET_NAME, "node"); /* a carrier by that name: what is open here makes no client of us, whose children have slots by that */
	self_find(&self);
	policy_none(&policy);
	policy.tokens = (unsigned)atoi(argv[2]);
	if (!jobserver_open(&jobserver, &why)) {
		fprintf(stderr, "no jobserver: %s\n", why);
		return 2;
	}
	ledger_open(&ledger, &jobserver, LEDGER_MAKE);
	pool.locks.fd = jobserver.write_fd;
	for (int i = 0; i < count; i++)
		runs[i].pid = start(argv + 3, argc - 3, i, &runs[i].go);
	for (int i = 0; i < count; i++) {
		begin(&runs[i]);
		step(&runs[i], false);
	}
	while (ended < count)
		turn();
	printf("%d %d %zu %u\n", ended, without, pool.locks.count, records_locked(&ledger));
	return failed > 0;
}
