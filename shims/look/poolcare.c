#include "look/poolcare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "look/guideanswer.h"
#include "pool/auth.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "pool/tokens.h"
#include "wait/recovery.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/text.h"

enum { TICK_MS = 250 }; /* between two checks of a pool that is not full */

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct {
	bool tends;
	bool is_told;    /* that its FIFO is gone */
	struct jobserver jobserver;
	struct ledger ledger;
	struct recovery recovery;
	bool is_fed;
	long tokens;     /* the pool's tokens: of a server's not read from the ledger, since its group may write anything there. -1: not known now */
	int guide;       /* for requests of launchers (guideanswer.h); -1: none */
	int inotify;     /* tells when a token of a full pool is taken; -1: there is no inotify instance left */
	uint64_t due_ns; /* CLOCK_MONOTONIC; NEVER: not before somebody takes a token */
} care = { .guide = -1, .inotify = -1, .due_ns = NEVER };

static bool say(const char *word, long number)
{
	return printf("%s %ld\n", word, number) > 0 && fflush(stdout) == 0;
}

static bool say_gone(void)
{
	return printf(REPORT_GONE "\n") > 0 && fflush(stdout) == 0;
}

/* Whether the FIFO is gone from its path. If that is not known, don't give up. */
static bool is_gone(void)
{
	struct stat status;

	if (!stat_path(care.jobserver.path, &status))
		return errno == ENOENT || errno == ENOTDIR;
	return !jobserver_is(&care.jobserver, &status);
}

/* Sets a watch for one event: a token is taken, the pool is opened, or its FIFO goes. */
static bool await_use(void)
{
	char path[48];

	text_put(path, sizeof path, "/proc/self/fd/%d", care.jobserver.read_fd);
	return care.inotify >= 0 && inotify_add_watch(care.inotify, path,
	                                                   IN_ACCESS | IN_OPEN | IN_ATTRIB | IN_MOVE_SELF | IN_ONESHOT) >= 0;
}

/* Writes the size into the ledger. */
static void set_size(long tokens)
{
	if (tokens != care.tokens)
		say(REPORT_SIZE, tokens);
	care.tokens = tokens;
	if (care.ledger.fd >= 0 && care.ledger.header->total != tokens)
		care.ledger.header->total = (int32_t)tokens;
}

/* One step towards the size that a server wants: new tokens are added at once, surplus ones are taken out as they are given back. The pool
 * of a `jobshim run` keeps its size. True once it has the size. */
static bool has_size(void)
{
	const long wanted = care.ledger.owner == 0 ? ledger_wanted(&care.ledger) : -1, tokens = care.tokens;
	const long more = wanted > tokens ? tokens_growth(&care.jobserver, tokens, wanted) : 0;

	/* Noted before they are added: if we are killed in between, tokens are missing, which a census finds; there are never too many. */
	set_size(tokens + more);
	if (more > 0)
		set_size(tokens + tokens_add(&care.jobserver, more));
	else if (wanted > 0 && wanted < tokens)
		set_size(tokens - tokens_take(&care.jobserver, tokens - wanted));
	return wanted < 1 || care.tokens <= wanted;
}

/* Whether all tokens are in the pool: then nobody holds one, and nobody waits for one. */
static bool is_full(void)
{
	if (care.is_fed)
		care.tokens = ledger_tokens_now(&care.ledger);
	return (care.is_fed || has_size()) && tokens_free(&care.jobserver) == care.tokens;
}

void poolcare_step(uint64_t now)
{
	struct recovery_change change;
	uint64_t due;

	if (is_gone() && !care.is_told) {
		say_gone();
		care.is_told = true;
		/* The command of a `jobshim run` goes on in its pool, which it has open. */
		if (care.ledger.owner == 0) {
			care.tends = false;
			care.due_ns = NEVER;
			return;
		}
	}
	care.due_ns = now + TICK_MS * MS;
	/* Check again: a token may have been taken before the watch was set. */
	if (is_full() && await_use() && is_full()) {
		care.due_ns = NEVER;
		return;
	}
	if (care.ledger.fd >= 0)
		ledger_reclaim_in_crowd(&care.ledger, &care.jobserver, TICK_MS * MS / 2);
	if (care.tokens < 0)
		return;
	change = recovery_step(&care.recovery, care.tokens, &care.jobserver, &care.ledger);
	due = recovery_due_ns(&care.recovery);
	if (due > now && due < care.due_ns)
		care.due_ns = due;
	if (change.restored > 0)
		say(REPORT_RESTORED, change.restored);
	if (change.surplus > 0)
		say(REPORT_SURPLUS, change.surplus);
}

void poolcare_take_event(void)
{
	_Alignas(struct inotify_event) char events[1024];

	while (read(care.inotify, events, sizeof events) > 0)
		;
	if (care.tends && care.due_ns == NEVER)
		care.due_ns = monotonic_ns() + TICK_MS * MS;
}

bool poolcare_begin(const char *path, uint64_t device, uint64_t inode, long tokens, bool is_fed)
{
	struct auth auth = { .kind = AUTH_FIFO, .path = path, .path_length = strlen(path) };
	const char *why;

	/* Another FIFO may be at its path already. */
	if (!jobserver_open_auth(&care.jobserver, &auth, &why) || care.jobserver.device != device || care.jobserver.inode != inode)
		return say_gone();
	care.tokens = tokens;
	care.is_fed = care.recovery.is_fed = is_fed;
	ledger_open(&care.ledger, &care.jobserver, LEDGER_LOOK);
	care.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	care.guide = guide_open(&care.jobserver);
	care.tends = true;
	care.due_ns = 0;
	return true;
}

const struct jobserver *poolcare_jobserver(void)
{
	return care.tends ? &care.jobserver : NULL;
}

const struct ledger *poolcare_ledger(void)
{
	return care.tends && care.ledger.fd >= 0 ? &care.ledger : NULL;
}

int poolcare_events(void)
{
	return care.tends ? care.inotify : -1;
}

int poolcare_guide(void)
{
	return care.guide;
}

void poolcare_answer(void)
{
	guide_answer(care.guide, &care.jobserver, &care.ledger);
}

uint64_t poolcare_due_ns(void)
{
	return care.due_ns;
}

bool poolcare_tell_free(void)
{
	return say(REPORT_FREE, care.tends ? tokens_free(&care.jobserver) : -1);
}
