/* The program beside the launcher: what jobshim's own commands have done in C, since Node has no such call, or only C knows how a
 * jobserver is found and a ledger is locked. */
#include <errno.h>
#include <string.h>

#include "contract.h"
#include "look/answer.h"
#include "look/bottomline.h"
#include "look/bypasslines.h"
#include "look/caretaker.h"
#include "look/features.h"
#include "look/lock.h"
#include "look/poolanswer.h"
#include "look/prepare.h"
#include "look/starter.h"
#include "tool/freshen.h"
#include "tool/resolve.h"
#include "ground/notify.h"
#include "ground/report.h"

/* Systemd's socket takes no answer of Node's. */
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

/* Each gets the words behind its name, and is false on error. */
typedef bool command(const struct self *self, char *const words[]);

enum { COMMANDS = sizeof look_commands / sizeof look_commands[0] };

static command *const commands[COMMANDS] = {
	[LOOK_JOBSERVER] = answer_jobserver,
	[LOOK_CENSUS] = answer_census,
	[LOOK_LOST] = answer_lost,
	[LOOK_RECLAIM] = answer_reclaim,
	[LOOK_READY] = tell_ready,
	[LOOK_FEATURES] = answer_features,
	[LOOK_BOTTOM_LINE] = bottomline_show,
	[LOOK_FRESHEN] = freshen,
	[LOOK_PREPARE] = pool_prepare,
	[LOOK_LOCK] = lock_take,
	[LOOK_FILL] = pool_fill,
	[LOOK_CARETAKER] = caretaker_work,
	[LOOK_START] = starter_work,
	[LOOK_BYPASS] = bypasslines_print,
};

/* The command of that name, if so many words may stand behind it; NULL for any other. */
static command *command_named(const char *name, int words)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const int wanted = look_commands[i].words;

		if (strcmp(name, look_commands[i].name) == 0)
			return (wanted < 0 ? words >= -wanted : words == wanted) ? commands[i] : NULL;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct self self;
	command *named = argc < 2 ? NULL : command_named(argv[1], argc - 2);

	report_init();
	if (named == NULL) {
		report("look: wrong usage\n  look COMMAND WORDS, for jobshim's own commands: docs/protocol.md");
		return EXIT_JOBSHIM;
	}
	self_find_beside(&self);
	return named(&self, argv + 2) ? 0 : 1;
}
