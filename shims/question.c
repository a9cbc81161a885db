#include "question.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "about.h"
#include "bottomline.h"
#include "census.h"
#include "jobserver.h"
#include "ledger.h"
#include "notify.h"
#include "records.h"
#include "report.h"

/* Each prints its words, ended by a NUL; false on error. */
typedef bool answer(const struct jobserver *jobserver, struct ledger *ledger);

/* The address, its free tokens (-1: it is a device that does not tell), the path of its ledger, empty without one. */
static bool tell_state(const struct jobserver *jobserver, struct ledger *ledger)
{
	char link[48], path[PATH_MAX] = "";
	int free_tokens = 0;

	if (ioctl(jobserver->read_fd, FIONREAD, &free_tokens) < 0)
		free_tokens = -1;
	if (ledger->fd >= 0) {
		ssize_t length;

		snprintf(link, sizeof link, "/proc/self/fd/%d", ledger->fd);
		length = readlink(link, path, sizeof path - 1);
		path[length < 0 ? 0 : length] = '\0';
	}
	return printf("fifo:%s%c%d%c%s%c", jobserver->path, 0, free_tokens, 0, path, 0) > 0;
}

/* The free tokens (-1: they move), how many may rightly be out, and why that can't be told, empty where it can. */
static bool tell_census(const struct jobserver *jobserver, struct ledger *ledger)
{
	struct census census;

	census_take(jobserver, ledger, &census);
	return printf("%d%c%ld%c%s%c", census.free, 0, census.held, 0, census.why, 0) > 0;
}

/* Its free tokens, a line of them for each line that is read: who asks often need not start us each time. What the
 * terminal's keys send is not for us. */
static bool tell_count(const struct jobserver *jobserver, struct ledger *ledger)
{
	int c;

	(void)ledger;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while ((c = getchar()) != EOF) {
		int free_tokens = 0;

		if (c != '\n')
			continue;
		if (ioctl(jobserver->read_fd, FIONREAD, &free_tokens) < 0)
			free_tokens = -1;
		if (printf("%d\n", free_tokens) < 0 || fflush(stdout) != 0)
			return false;
	}
	return true;
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

/* Of the jobserver that a tool started here would use. */
static const struct question {
	const char *option;
	answer *answer;
	bool only_looks;
} questions[] = {
	{ "--look", tell_state, true },
	{ "--count", tell_count, true },
	{ "--census", tell_census, true },
	{ "--reclaim", reclaim, false },
};

static const struct question *question_named(const char *option)
{
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
		if (strcmp(option, questions[i].option) == 0)
			return &questions[i];
	return NULL;
}

static bool ask(const struct question *question)
{
	struct jobserver jobserver;
	struct ledger ledger;
	const char *why = "";

	if (!jobserver_open(&jobserver, &why)) {
		report("no jobserver: %s", why);
		return false;
	}
	ledger_open(&ledger, &jobserver, LEDGER_LOOK);
	return question->answer(&jobserver, &ledger) && fflush(stdout) == 0;
}

bool question_answer(const char *option, int *status)
{
	const struct question *question = question_named(option);

	/* Not of a jobserver: Node can't send to systemd's socket, nor ask what a terminal is used for. */
	if (strcmp(option, "--ready") == 0)
		*status = notify("READY=1") ? 0 : 1;
	else if (strcmp(option, "--about") == 0)
		*status = about_print() ? 0 : 1;
	else if (strcmp(option, "--bottom-line") == 0)
		*status = bottomline_show();
	else if (question != NULL)
		*status = ask(question) ? 0 : 1;
	else
		return false;
	return true;
}

bool question_only_looks(const char *option)
{
	static const char *const others[] = { "--past", "--tell-past", "--bottom-line", "--about", "--ready" };
	const struct question *question = question_named(option);

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(option, others[i]) == 0)
			return true;
	return question != NULL && question->only_looks;
}
