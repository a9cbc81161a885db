#include "look/member.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "look/answer.h"
#include "look/machine.h"
#include "look/staying.h"
#include "pool/jobserver.h"
#include "ground/number.h"

/* Whoever started us reads to the end. */
static bool tell(const struct jobserver *jobserver)
{
	const long slots = ledger_slots_of(jobserver);
	struct answer answer = { .texts = { NULL } };

	answer.texts[MACHINE_PATH] = jobserver->path;
	answer.numbers[MACHINE_SLOTS] = slots > 0 ? slots : 1;
	return answer_print(LOOK_MACHINE, &answer) && fclose(stdout) == 0;
}

static void stay(void)
{
	struct staying staying = staying_make();

	while (!staying_is_over(&staying)) {
		struct pollfd ready[] = {
			{ .fd = staying_input(&staying), .events = POLLIN }, /* below 0 it is none */
			{ .fd = staying_process(&staying), .events = POLLIN },
		};

		if (poll(ready, sizeof ready / sizeof ready[0], -1) < 0)
			continue;
		if (ready[0].revents != 0)
			(void)staying_read(&staying);
		if (ready[1].revents != 0)
			staying_end(&staying);
	}
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
