#include "launcher/question.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "launcher/starter.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "look/about.h"
#include "look/bottomline.h"
#include "look/caretaker.h"
#include "look/lock.h"
#include "look/past.h"
#include "look/paying.h"
#include "look/prepare.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "pool/tokens.h"
#include "tool/freshen.h"
#include "tool/option.h"
#include "wait/census.h"
#include "wait/recovery.h"
#include "ground/notify.h"
#include "ground/report.h"

/* Of the jobserver that a tool started here would use: each prints its words, ended by a NUL. False on error. */
typedef bool ask_jobserver(const struct jobserver *jobserver, struct ledger *ledger);

/* Of something else, with the words behind the option. False on error. */
typedef bool ask_launcher(const struct self *self, char *const words[]);

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

static const struct question {
	const char *option;
	ask_jobserver *of_jobserver; /* this, or */
	ask_launcher *of_launcher;
} questions[] = {
	{ "--look", tell_state, NULL },
	{ "--census", tell_census, NULL },
	{ "--lost", tell_lost, NULL },
	{ "--reclaim", reclaim, NULL },
	{ "--ready", NULL, tell_ready },
	{ "--about", NULL, tell_about },
	{ "--bottom-line", NULL, show_bottom_line },
	{ "--freshen", NULL, freshen_all },
	{ "--prepare", NULL, pool_prepare },
	{ "--lock", NULL, lock_take },
	{ "--fill", NULL, pool_fill },
	{ "--tend", NULL, caretaker_work },
	{ "--pay", NULL, payer_work },
	{ "--start", NULL, starter_work },
	{ "--tell-past", NULL, past_tell },
};

static const struct question *question_named(const char *option)
{
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
		if (strcmp(option, questions[i].option) == 0)
			return &questions[i];
	return NULL;
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

bool question_answer(const struct self *self, int argc, char *const argv[], int *status)
{
	const struct launcher_option *option = argc < 1 ? NULL : option_named(argv[0]);
	const struct question *question = option == NULL ? NULL : question_named(option->option);
	bool answered;

	if (question == NULL || (option->words < 0 ? argc < 1 - option->words : argc != 1 + option->words))
		return false;
	answered = question->of_jobserver != NULL ? ask(question->of_jobserver) : question->of_launcher(self, argv + 1);
	*status = answered ? 0 : 1;
	return true;
}
