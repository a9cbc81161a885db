#include "look/member.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "look/answer.h"
#include "look/machine.h"
#include "pool/jobserver.h"
#include "ground/number.h"
#include "ground/retry.h"
#include "proc/process.h"

enum { LINE_MAX_BYTES = 24 };

/* Whoever started us reads to the end. */
static bool tell(const struct jobserver *jobserver)
{
	const long slots = ledger_slots_of(jobserver);
	struct answer answer = { .texts = { NULL } };

	answer.texts[MACHINE_PATH] = jobserver->path;
	answer.numbers[MACHINE_SLOTS] = slots > 0 ? slots : 1;
	return answer_print(LOOK_MACHINE, &answer) && fclose(stdout) == 0;
}

/* The pidfd of the process that the line names; -1: it has ended, or its end can't be watched. */
static int process_named(char line[LINE_MAX_BYTES])
{
	uint64_t pid;

	line[strcspn(line, "\n")] = '\0';
	return number_read(line, INT_MAX, &pid) && pid > 0 ? process_open((pid_t)pid) : -1;
}

static void wait_for_end(int process)
{
	struct pollfd ended = { .fd = process, .events = POLLIN };

	(void)RETRY(poll(&ended, 1, -1));
}

/* The process is opened as soon as it is named: later its pid may be another one's. */
static void stay(void)
{
	char line[LINE_MAX_BYTES] = "";
	size_t length = 0;
	int process = -1;
	ssize_t n;

	while (length < sizeof line - 1 && (n = RETRY(read(STDIN_FILENO, line + length, sizeof line - 1 - length))) > 0) {
		length += (size_t)n;
		if (process < 0 && line[length - 1] == '\n')
			process = process_named(line);
	}
	if (process >= 0)
		wait_for_end(process);
}

bool member_work(const struct self *self, char *const words[])
{
	struct jobserver jobserver = { .read_fd = -1, .write_fd = -1 };
	const char *why = "";
	uint64_t tokens;
	bool is_told;

	(void)self;
	if (!number_read(words[0], INT_MAX, &tokens))
		return refuse(ERROR_NO_JOBSERVER, "no number of tokens for the machine's pool");
	if (!machine_join(&jobserver, (long)tokens, &why))
		return refuse(ERROR_NO_JOBSERVER, why);
	signal(SIGPIPE, SIG_IGN);
	(void)!chdir("/"); /* so that we keep no file system busy */
	is_told = tell(&jobserver);
	if (is_told)
		stay();
	machine_end(&jobserver);
	return is_told;
}
