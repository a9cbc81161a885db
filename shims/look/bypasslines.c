#include "look/bypasslines.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "look/watch.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/number.h"
#include "ground/report.h"
#include "proc/process.h"

static const long MS = 1000000; /* in nanoseconds */

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

static void watch_until_end(pid_t root)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction action = { .sa_handler = end };
	struct pollfd ended = { .fd = process_open(root), .events = POLLIN };
	struct process process;
	sigset_t blocked, before;
	uint64_t start;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
		sigaddset(&blocked, ending[i]);
		sigaction(ending[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!process_read(root, &process))
		return;
	start = process.start;
	while (!is_over && process_read(root, &process) && process.start == start && !process.zombie) {
		const int wait = watch_look();
		const struct timespec timeout = { .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * MS };

		if (ppoll(&ended, ended.fd < 0 ? 0 : 1, &timeout, &before) > 0)
			break;
	}
}

bool bypasslines_print(const struct self *self, char *const words[])
{
	struct jobserver jobserver;
	const char *why;
	const struct watch_pool pool = { .address = "", .jobserver = watch_pool_around(&jobserver, NULL, &why) ? &jobserver : NULL };
	uint64_t pid;

	if (!number_read(words[0], INT_MAX, &pid) || pid == 0) {
		report("%s: no process", words[0]);
		return false;
	}
	if (!watch_begin(self->shim_dir, (pid_t)pid, &pool, NULL))
		return false;
	watch_until_end((pid_t)pid);
	watch_end();
	return true;
}
