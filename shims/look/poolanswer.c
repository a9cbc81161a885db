#include "look/poolanswer.h"

#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "look/answer.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "pool/tokens.h"
#include "wait/census.h"
#include "wait/recovery.h"
#include "ground/text.h"

bool answer_open(struct jobserver *jobserver, struct ledger *ledger)
{
	const char *why = "";

	*jobserver = (struct jobserver){ .read_fd = -1, .write_fd = -1 };
	*ledger = (struct ledger){ .fd = -1 };
	if (!jobserver_open(jobserver, &why))
		return refuse(ERROR_NO_JOBSERVER, why);
	ledger_open(ledger, jobserver, LEDGER_LOOK);
	return true;
}

/* The path of an open file; empty if it has none. */
static void path_of(int fd, char *path, size_t size)
{
	char link[48];
	ssize_t length = -1;

	if (fd >= 0 && text_put(link, sizeof link, "/proc/self/fd/%d", fd) > 0)
		length = readlink(link, path, size - 1);
	path[length < 0 ? 0 : length] = '\0';
}

bool answer_jobserver(const struct self *self, char *const words[])
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct answer answer = { .texts = { NULL } };
	char address[PATH_MAX + sizeof "fifo:"], path[PATH_MAX];

	(void)self, (void)words;
	if (!answer_open(&jobserver, &ledger))
		return false;
	if (jobserver_is_inherited(&jobserver))
		text_put(address, sizeof address, "%d,%d", jobserver.handed[0], jobserver.handed[1]);
	else
		text_put(address, sizeof address, "fifo:%s", jobserver.path);
	path_of(ledger.fd, path, sizeof path);
	answer.texts[JOBSERVER_ADDRESS] = address;
	answer.numbers[JOBSERVER_FREE] = tokens_free(&jobserver);
	answer.texts[JOBSERVER_LEDGER] = path;
	answer.numbers[JOBSERVER_ACCOUNTS] = jobserver.accounts;
	return answer_print(LOOK_JOBSERVER, &answer);
}

bool answer_census(const struct self *self, char *const words[])
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct census census;
	struct answer answer = { .texts = { NULL } };

	(void)self, (void)words;
	if (!answer_open(&jobserver, &ledger))
		return false;
	census_take(&jobserver, &ledger, &census);
	answer.numbers[CENSUS_FREE] = census.free;
	answer.numbers[CENSUS_HELD] = census.held;
	answer.texts[CENSUS_WHY] = census.why;
	return answer_print(LOOK_CENSUS, &answer);
}

bool answer_lost(const struct self *self, char *const words[])
{
	struct jobserver jobserver;
	struct ledger ledger;
	struct answer answer = { .texts = { NULL } };
	const char *why = "";

	(void)self, (void)words;
	if (!answer_open(&jobserver, &ledger))
		return false;
	answer.numbers[LOST_LOST] = recovery_count(&jobserver, &ledger, &why);
	answer.texts[LOST_WHY] = why;
	return answer_print(LOOK_LOST, &answer);
}

bool answer_reclaim(const struct self *self, char *const words[])
{
	struct jobserver jobserver;
	struct ledger ledger;

	(void)self, (void)words;
	if (!answer_open(&jobserver, &ledger))
		return false;
	if (ledger.fd < 0)
		return refuse(ERROR_NO_LEDGER, ledger.why);
	ledger_reclaim(&ledger, &jobserver);
	return true;
}
