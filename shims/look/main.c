/* The program beside the launcher, which jobshim's own commands call: for system calls that Node lacks, and for what only the C code can
 * do: find a jobserver, lock a ledger. And a launcher becomes it if it can't do all by itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "look/answer.h"
#include "look/bottomline.h"
#include "look/buildanswer.h"
#include "look/bypasslines.h"
#include "look/caretaker.h"
#include "look/dismissal.h"
#include "look/features.h"
#include "look/feeder.h"
#include "look/lock.h"
#include "look/member.h"
#include "look/poolanswer.h"
#include "look/paying.h"
#include "look/prepare.h"
#include "look/raw.h"
#include "look/sandboxanswer.h"
#include "look/starter.h"
#include "look/toolwork.h"
#include "sandbox/phase.h"
#include "sandbox/supervisor.h"
#include "tool/freshen.h"
#include "tool/resolve.h"
#include "ground/log.h"
#include "ground/notify.h"
#include "ground/report.h"

/* Node can't send to systemd's socket. */
static bool tell_ready(const struct self *self, char *const words[])
{
	(void)self, (void)words;
	return notify("READY=1");
}

static bool freshen(const struct self *self, char *const words[])
{
	(void)words;
	return freshen_all(self) || refuse_by_system(errno);
}

/* Each gets the words behind its name, and returns false on error. */
typedef bool command(const struct self *self, char *const words[]);

static command call_raw;

enum { COMMANDS = sizeof look_commands / sizeof look_commands[0] };

static command *const commands[COMMANDS] = {
	[LOOK_JOBSERVER] = answer_jobserver,
	[LOOK_CENSUS] = answer_census,
	[LOOK_LOST] = answer_lost,
	[LOOK_BUILDS] = answer_builds,
	[LOOK_RECLAIM] = answer_reclaim,
	[LOOK_DISMISS] = dismissal_work,
	[LOOK_READY] = tell_ready,
	[LOOK_FEATURES] = answer_features,
	[LOOK_BOTTOM_LINE] = bottomline_show,
	[LOOK_FRESHEN] = freshen,
	[LOOK_PREPARE] = pool_prepare,
	[LOOK_LOCK] = lock_take,
	[LOOK_FILL] = pool_fill,
	[LOOK_CARETAKER] = caretaker_work,
	[LOOK_SUPERVISE] = supervisor_work,
	[LOOK_PHASE] = phase_begin,
	[LOOK_SANDBOX] = answer_sandbox,
	[LOOK_MACHINE] = member_work,
	[LOOK_FEED] = feeder_work,
	[LOOK_START] = starter_work,
	[LOOK_BYPASS] = bypasslines_print,
	[LOOK_TOOL] = tool_work,
	[LOOK_PAY] = payer_work,
	[LOOK_RAW] = call_raw,
};

/* The command of that name, if it takes so many words; else NULL. */
static command *command_named(const char *name, int words)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const int wanted = look_commands[i].words;

		if (strcmp(name, look_commands[i].name) == 0)
			return (wanted < 0 ? words >= -wanted : words == wanted) ? commands[i] : NULL;
	}
	return NULL;
}

/* The command of these words; NULL, reported, if there is none. */
static command *command_of(char *const words[])
{
	command *named;
	int count = 0;

	while (words[count] != NULL)
		count++;
	named = count == 0 ? NULL : command_named(words[0], count - 1);
	if (named == NULL)
		report("look: wrong usage\n  look COMMAND WORDS, for jobshim's own commands: docs/protocol.md");
	return named;
}

/* Does what its words say once they are read. */
static bool call_raw(const struct self *self, char *const words[])
{
	char **taken = raw_take(words);
	command *named = taken == NULL ? NULL : command_of(taken);

	if (named == NULL)
		exit(EXIT_JOBSHIM);
	return named(self, taken + 1);
}

int main(int argc, char **argv)
{
	struct self self;
	command *named;

	report_init();
	log_begin(argc < 2 ? "look" : argv[1]);
	named = argc < 1 ? NULL : command_of(argv + 1);
	if (named == NULL)
		return EXIT_JOBSHIM;
	self_find_beside(&self);
	return named(&self, argv + 2) ? 0 : 1;
}
