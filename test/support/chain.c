/* A chain of ancestors, and what the launcher makes of it.
 *
 *   chain client FIFO CMD...   is a client of that jobserver while CMD runs
 *   chain ask                  finds our job in the jobserver of the environment, as a launcher does, and then without what earlier walks
 *                              have noted. Prints whether a note was used, and both keys: "asked 1 KEY KEY\n" */
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "proc/subject.h"
#include "wait/job.h"

static int be_client(char **argv)
{
	pid_t pid;
	int status;

	if (open(argv[2], O_RDWR | O_NONBLOCK | O_CLOEXEC) < 0 || posix_spawnp(&pid, argv[3], NULL, NULL, argv + 3, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int ask(void)
{
	const struct subject self = subject_self();
	struct jobserver jobserver;
	struct ledger ledger;
	struct job found, whole;
	const char *why;

	if (!jobserver_open(&jobserver, &why)) {
		printf("no jobserver: %s\n", why);
		return 97;
	}
	ledger_none(&ledger);
	if (jobserver.own)
		ledger_open(&ledger, &jobserver, LEDGER_MAKE);
	whole = found = job_find(&self, &jobserver, &ledger, false);
	job_is_another(&whole, &self, &jobserver, &ledger);
	printf("asked %d %" PRIx64 " %" PRIx64 "\n", found.noted, found.key, whole.key);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "client") == 0)
		return be_client(argv);
	return argc == 2 && strcmp(argv[1], "ask") == 0 ? ask() : 96;
}
