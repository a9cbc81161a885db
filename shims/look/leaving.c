#include "look/leaving.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "look/machine.h"
#include "pool/jobserver.h"

/* What people, shells and payers' starters send to end a process. */
static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGIO };

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static struct {
	const struct jobserver *jobserver;
	bool is_ours[NUMBERS];
} leaving;

void leaving_end(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < NUMBERS; i++)
		if (leaving.is_ours[i])
			sigaction(numbers[i], &standard, NULL);
}

/* A second signal ends us at once. */
static void leave_by(int number)
{
	sigset_t only;

	leaving_end();
	machine_end(leaving.jobserver);
	sigemptyset(&only);
	sigaddset(&only, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + number); /* init of a PID namespace can't die of a signal */
}

void leaving_begin(const struct jobserver *jobserver)
{
	struct sigaction leaves = { .sa_handler = leave_by }, old;

	leaving.jobserver = jobserver;
	if (!jobserver->machine)
		return;
	sigemptyset(&leaves.sa_mask);
	for (size_t i = 0; i < NUMBERS; i++)
		leaving.is_ours[i] = sigaction(numbers[i], NULL, &old) == 0 && (old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL &&
		                     sigaction(numbers[i], &leaves, NULL) == 0;
}
