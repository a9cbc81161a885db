#include "look/paying.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/acquire.h"
#include "acquire/owed.h"
#include "ledger/ledger.h"
#include "ledger/record.h"
#include "look/following.h"
#include "look/leaving.h"
#include "look/machine.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "rules/policy.h"
#include "tool/resolve.h"
#include "tool/toolfile.h"
#include "wait/job.h"
#include "wait/mending.h"
#include "ground/file.h"
#include "ground/number.h"
#include "proc/process.h"
#include "proc/subject.h"

enum {
	LOOK_MS = 100, /* if the kernel can't tell a process's end */
	LOCKS_MAX = 16,
};

static bool lives(const struct process *client)
{
	struct process now;

	return process_read(client->pid, &now) && now.start == client->start && !now.zombie;
}

static void await_end(const struct process *client, struct pool *pool)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	struct pollfd end = { .fd = process_open(client->pid), .events = POLLIN };

	while (lives(client)) {
		const struct timespec *mending = mending_pause(pool);

		ppoll(&end, 1, end.fd < 0 ? &pause : mending, NULL);
	}
}

/* What is sent to the whole process group is not for us: the client may go on for a while. */
static void ignore_signals(void)
{
	static const int sent_to_groups[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };
	sigset_t starters;

	for (size_t i = 0; i < sizeof sent_to_groups / sizeof sent_to_groups[0]; i++)
		signal(sent_to_groups[i], SIG_IGN);
	signal(SIGIO, SIG_DFL);
	sigemptyset(&starters);
	sigaddset(&starters, SIGIO); /* only while we wait */
	sigprocmask(SIG_SETMASK, &starters, NULL);
}

static void tell(void)
{
	write_whole(STDOUT_FILENO, "", 1);
	close(STDOUT_FILENO);
}

/* Holds a slot for the client until it ends. False if nobody is left to pay for. */
static bool hold_for(const struct process *client, struct acquire *acquire)
{
	sigset_t none;

	sigemptyset(&none);
	leaving_begin(acquire->of.pool->jobserver);
	acquire_wait(acquire, &none);
	leaving_end();
	if (!following_set(false)) {
		acquire_give_back(acquire);
		return false;
	}
	tell();
	await_end(client, acquire->of.pool);
	acquire_give_back(acquire);
	return true;
}

/* The client's priority. */
static struct priority priority_of(const struct process *client, const struct subject *subject, const struct self *self, bool has_rules)
{
	const struct policy_run of = { .tool = client->comm, .family = "", .subject = subject };
	struct policy policy;

	policy_none(&policy);
	policy_read(&policy, &of, self->shim_dir, has_rules);
	return policy_priority(&policy, &of, self->shim_dir, has_rules);
}

/* Pays, in the pool that was opened. */
static bool pay(const struct self *self, const struct jobserver *jobserver, const struct process *client, unsigned above)
{
	struct tool_settings settings;
	struct ledger ledger;
	struct lock locks[LOCKS_MAX];
	struct pool pool = { .jobserver = jobserver, .ledger = &ledger, .locks = { .held = locks, .room = LOCKS_MAX } };
	const struct subject subject = subject_self();
	struct acquire acquire;
	struct job job;

	ledger_open(&ledger, jobserver, LEDGER_MAKE);
	pool.locks.fd = jobserver->write_fd;
	job_of(client, &subject, jobserver, &ledger, above, &job);
	if (job.ours || !owed_lock(&pool.locks, &acquire.record, client)) {
		tell();
		return true;
	}
	(void)!chdir("/"); /* so that we keep no file system busy */
	tool_settings_read(&settings, self->shim_dir, client->comm);
	acquire_begin(&acquire, &(struct acquire_for){
	                            .pool = &pool,
	                            .subject = &subject,
	                            .self = self,
	                            .tool = client->comm,
	                            .job = &job,
	                            .priority = priority_of(client, &subject, self, settings.has_rules),
	                            .patience = settings.patience,
	                        });
	return hold_for(client, &acquire);
}

bool payer_work(const struct self *self, char *const words[])
{
	struct process client;
	uint64_t pid, start, above;
	struct jobserver jobserver;
	const char *why;
	bool pays;

	ignore_signals();
	if (!number_read(words[0], INT_MAX, &pid) || !number_read(words[1], UINT64_MAX, &start) ||
	    !number_read(words[2], UINT_MAX, &above) || !following_set(true) || !jobserver_open(&jobserver, &why))
		return false;
	pays = process_read((pid_t)pid, &client) && client.start == start && pay(self, &jobserver, &client, (unsigned)above);
	machine_end(&jobserver);
	return pays;
}
