#include "question.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "bottomline.h"
#include "caretaker.h"
#include "census.h"
#include "freshen.h"
#include "jobserver.h"
#include "ledger.h"
#include "lock.h"
#include "past.h"
#include "payer.h"
#include "pool.h"
#include "records.h"
#include "recovery.h"
#include "starter.h"
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
	return told > 0 && printf("%c%d%c%s%c%d%c", 0, pool_free(jobserver), 0, path, 0, jobserver->accounts, 0) > 0;
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
	int words;                   /* behind it; less than 0: so many or more */
	bool only_looks;             /* it takes and gives no token */
	ask_jobserver *of_jobserver; /* this, or */
	ask_launcher *of_launcher;
} questions[] = {
	{ "--look", 0, true, tell_state, NULL },
	{ "--census", 0, true, tell_census, NULL },
	{ "--lost", 0, true, tell_lost, NULL },
	{ "--reclaim", 0, false, reclaim, NULL },
	{ "--ready", 0, true, NULL, tell_ready },
	{ "--about", 0, true, NULL, tell_about },
	{ "--bottom-line", 0, true, NULL, show_bottom_line },
	{ "--freshen", 0, true, NULL, freshen_all },
	{ "--prepare", 1, true, NULL, pool_prepare },
	{ "--lock", 0, true, NULL, lock_take },
	{ "--fill", 1, true, NULL, pool_fill },
	{ "--tend", 0, true, NULL, caretaker_work },
	{ "--pay", 3, false, NULL, payer_work },
	{ "--start", -3, true, NULL, starter_work },
	{ "--tell-past", 1, true, NULL, past_tell },
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
	const struct question *question = argc < 1 ? NULL : question_named(argv[0]);
	bool answered;

	if (question == NULL || (question->words < 0 ? argc < 1 - question->words : argc != 1 + question->words))
		return false;
	answered = question->of_jobserver != NULL ? ask(question->of_jobserver) : question->of_launcher(self, argv + 1);
	*status = answered ? 0 : 1;
	return true;
}

bool question_only_looks(const char *option)
{
	const struct question *question = question_named(option);

	return question != NULL && question->only_looks;
}
