/* What jobshim's own commands have done, since only C can do it, or knows how a jobserver is found and a ledger is locked. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "look/about.h"
#include "look/bottomline.h"
#include "look/caretaker.h"
#include "look/lock.h"
#include "look/past.h"
#include "look/prepare.h"
#include "look/starter.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "pool/tokens.h"
#include "tool/freshen.h"
#include "tool/resolve.h"
#include "wait/census.h"
#include "wait/recovery.h"
#include "ground/notify.h"
#include "ground/report.h"

enum { COMMANDS = sizeof look_command_names / sizeof look_command_names[0] };

/* Of the jobserver that a tool started here would use: each prints its words, ended by a NUL. False on error. */
typedef bool ask_jobserver(const struct jobserver *jobserver, struct ledger *ledger);

/* Of something else, with the words behind the command. False on error. */
typedef bool ask_look(const struct self *self, char *const words[]);

/* The address, its free tokens (-1: it does not tell), the path of its ledger, empty without one, and 1 if its server keeps an account
 * of who has what. */
static bool tell_state(const struct jobserver *jobserver, struct ledger *ledger)
{
	char link[48], path[PATH_MAX] = "";
	int told;

	if (ledger->fd >= 0) {
		ssize_t length;

		snprintf(link, sizeof link, "/proc/self/fd/%d", ledger->fd);
		length = readlink(link, path, sizeof path - 1);
		path[length < 0 ? 0 : length] = '\0';
	}
	told = jobserver_is_inherited(jobserver) ? printf("%d,%d", jobserver->handed[0], jobserver->handed[1])
	                                         : printf("fifo:%s", jobserver->path);
	return told > 0 && printf("%c%d%c%s%c%d%c", 0, tokens_free(jobserver), 0, path, 0, jobserver->accounts, 0) > 0;
}

/* The free tokens (-1: they move), how many may rightly be out, and why that can't be told, empty where it can. */
static bool tell_census(const struct jobserver *jobserver, struct ledger *ledger)
{
	struct census census;

	census_take(jobserver, ledger, &census);
	return printf("%d%c%ld%c%s%c", census.free, 0, census.held, 0, census.why, 0) > 0;
}

/* How many tokens are lost (-1: that can't be told, and why). */
static bool tell_lost(const struct jobserver *jobserver, struct ledger *ledger)
{
	const char *why = "";
	const long lost = recovery_count(jobserver, ledger, &why);

	return printf("%ld%c%s%c", lost, 0, why, 0) > 0;
}

/* Nothing: the tokens of dead launchers are returned. */
static bool reclaim(const struct jobserver *jobserver, struct ledger *ledger)
{
	if (ledger->fd < 0) {
		report("no ledger: %s", ledger->why);
		return false;
	}
	ledger_reclaim(ledger, jobserver);
	return true;
}

/* Node can't send to systemd's socket. */
static bool tell_ready(const struct self *self, char *const words[])
{
	(void)self, (void)words;
	return notify("READY=1");
}

static bool tell_about(const struct self *self, char *const words[])
{
	(void)self, (void)words;
	return about_print();
}

/* Node can't ask what a terminal is used for. */
static bool show_bottom_line(const struct self *self, char *const words[])
{
	(void)self, (void)words;
	return bottomline_show();
}

static ask_jobserver *const of_jobserver[COMMANDS] = {
	[LOOK_JOBSERVER] = tell_state,
	[LOOK_CENSUS] = tell_census,
	[LOOK_LOST] = tell_lost,
	[LOOK_RECLAIM] = reclaim,
};

static ask_look *const of_look[COMMANDS] = {
	[LOOK_READY] = tell_ready,
	[LOOK_FEATURES] = tell_about,
	[LOOK_BOTTOM_LINE] = show_bottom_line,
	[LOOK_FRESHEN] = freshen_all,
	[LOOK_PREPARE] = pool_prepare,
	[LOOK_LOCK] = lock_take,
	[LOOK_FILL] = pool_fill,
	[LOOK_CARETAKER] = caretaker_work,
	[LOOK_START] = starter_work,
	[LOOK_BYPASS] = past_tell,
};

/* The command of that name, with so many words behind it; COMMANDS if there is none. */
static size_t command_of(const char *name, int words)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, look_command_names[i].name) == 0 &&
		    (look_command_names[i].words < 0 ? words >= -look_command_names[i].words : words == look_command_names[i].words))
			return i;
	return COMMANDS;
}

static bool ask(ask_jobserver *answer)
{
	struct jobserver jobserver;
	struct ledger ledger;
	const char *why = "";

	if (!jobserver_open(&jobserver, &why)) {
		report("no jobserver: %s", why);
		return false;
	}
	ledger_open(&ledger, &jobserver, LEDGER_LOOK);
	return answer(&jobserver, &ledger) && fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	struct self self;
	size_t command;

	report_init();
	command = argc < 2 ? COMMANDS : command_of(argv[1], argc - 2);
	if (command == COMMANDS) {
		report("look: wrong usage\n  look COMMAND WORDS, for jobshim's own commands");
		return EXIT_JOBSHIM;
	}
	self_find_beside(&self);
	return (of_jobserver[command] != NULL ? ask(of_jobserver[command]) : of_look[command](&self, argv + 2)) ? 0 : 1;
}
