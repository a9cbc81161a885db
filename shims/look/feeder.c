#include "look/feeder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "look/answer.h"
#include "look/fed.h"
#include "look/following.h"
#include "look/leaving.h"
#include "look/offer.h"
#include "look/staying.h"
#include "pool/jobserver.h"
#include "pool/pool.h"
#include "pool/tokens.h"
#include "tool/toolfile.h"
#include "tool/resolve.h"
#include "wait/mending.h"
#include "wait/sleeper.h"
#include "wait/waiting.h"
#include "ground/clock.h"
#include "ground/number.h"
#include "ground/text.h"

enum {
	BLIND_MS = 20,   /* between two looks, if nothing tells that a token was taken */
	ENDING_MS = 16,  /* between two looks for what comes back, once the command has ended; the first ones come sooner, */
	LATE_MS = 10000,  /* and what no launcher has by then nobody has */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct {
	const struct self *self;
	struct offer offer;
	struct waiting waiting;
	struct staying staying;
	bool timed_out; /* the wait for a token of the machine's */
	int inotify;    /* tells that a token was taken from the run's pool; -1: nothing does */
	long last_free;
} feeder = { .inotify = -1 };

static void watch_own(void)
{
	char path[48];

	text_put(path, sizeof path, "/proc/self/fd/%d", fed_own());
	feeder.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (feeder.inotify >= 0 && inotify_add_watch(feeder.inotify, path, IN_ACCESS | IN_MODIFY) < 0) {
		close(feeder.inotify);
		feeder.inotify = -1;
	}
}

/* Whether somebody has taken a token since the last time. */
static bool was_taken(long free)
{
	_Alignas(struct inotify_event) char events[1024];
	bool is_taken = feeder.inotify < 0 && free < feeder.last_free;
	ssize_t n;

	while (feeder.inotify >= 0 && (n = read(feeder.inotify, events, sizeof events)) > 0)
		for (ssize_t at = 0; at < n;) {
			struct inotify_event event;

			memcpy(&event, events + at, sizeof event);
			is_taken = is_taken || (event.mask & IN_ACCESS) != 0;
			at += (ssize_t)(sizeof event + event.len);
		}
	return is_taken;
}

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* Does what is decided now. Returns when to decide again at the latest. */
static uint64_t offer(void)
{
	struct offer_facts facts = { .now = monotonic_ns(), .most = fed_most(), .fed = fed_tokens(), .free = fed_free() };
	struct offer_plan plan;

	facts.others = tokens_free(fed_machine()->jobserver);
	facts.taken = was_taken(facts.free);
	facts.waits = fed_waits();
	plan = offer_decide(&feeder.offer, &facts);
	if (facts.waits && !plan.waits)
		fed_end_wait();
	if (plan.give_back > 0) {
		fed_give_back(plan.give_back);
		(void)was_taken(0); /* that was us */
	}
	if (plan.waits && !fed_waits()) {
		feeder.timed_out = false;
		fed_begin_wait(feeder.self);
	}
	feeder.last_free = fed_free();
	return feeder.inotify < 0 ? sooner(plan.due_ns, facts.now + BLIND_MS * MS) : plan.due_ns;
}

/* Decides, and takes what there is. Returns when to do so again at the latest. */
static uint64_t step(void)
{
	uint64_t due;

	do {
		due = offer();
		feeder.waiting = (struct waiting){ .call = -1, .end = -1, .due_ns = UINT64_MAX };
	} while (fed_waits() && fed_step(feeder.timed_out, &feeder.waiting));
	feeder.timed_out = false;
	due = sooner(due, feeder.waiting.due_ns);
	return sooner(due, mending_step(fed_machine()));
}

enum { INPUT, ENDED, TAKEN, TOKEN, CALL, END, SOURCES };

static void sleep_until(uint64_t due_ns)
{
	static const uint64_t second = 1000000000;
	const struct waiting *waiting = &feeder.waiting;
	const int fifo = fed_machine()->jobserver->read_fd;
	const uint64_t now = monotonic_ns(), wait = due_ns > now ? due_ns - now : 0;
	const struct timespec timeout = { .tv_sec = (time_t)(wait / second), .tv_nsec = (long)(wait % second) };
	struct pollfd ready[SOURCES] = {
		[INPUT] = { .fd = staying_input(&feeder.staying), .events = POLLIN }, /* below 0 it is none */
		[ENDED] = { .fd = staying_process(&feeder.staying), .events = POLLIN },
		[TAKEN] = { .fd = feeder.inotify, .events = POLLIN },
		[TOKEN] = { .fd = waiting->token ? fifo : -1, .events = POLLIN },
		[CALL] = { .fd = waiting->call, .events = POLLIN },
		[END] = { .fd = waiting->end, .events = POLLIN },
	};

	if (ppoll(ready, SOURCES, due_ns == UINT64_MAX ? NULL : &timeout, NULL) < 0)
		return;
	if (ready[CALL].revents != 0)
		(void)call_is_heard(fifo, waiting->call);
	feeder.timed_out = ready[TOKEN].revents == 0 && ready[CALL].revents == 0 && monotonic_ns() >= waiting->due_ns;
	if (ready[INPUT].revents != 0 && staying_read(&feeder.staying))
		fed_is_for(feeder.staying.pid);
	if (ready[ENDED].revents != 0)
		staying_end(&feeder.staying);
}

static void feed(void)
{
	while (!staying_is_over(&feeder.staying))
		sleep_until(step());
}

/* Until the machine has all back. */
static void end(void)
{
	const uint64_t began_ns = monotonic_ns();
	struct timespec pause = { .tv_nsec = (long)MS };

	while (!fed_end(monotonic_ns() - began_ns > LATE_MS * MS)) {
		(void)mending_step(fed_machine());
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < ENDING_MS * (long)MS)
			pause.tv_nsec *= 2;
	}
}

/* Whoever started us reads to the end. */
static bool tell(void)
{
	struct answer answer = { .texts = { NULL } };

	answer.numbers[FEED_SLOTS] = fed_has_first();
	return answer_print(LOOK_FEED, &answer) && fclose(stdout) == 0;
}

/* Signals end it while it waits, and leave nothing behind. */
static bool take_first(const struct self *self)
{
	struct tool_settings settings;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM); /* of the run, which got a signal */
	sigaddset(&ends, SIGIO);
	sigprocmask(SIG_SETMASK, &ends, NULL);
	if (!following_set(true))
		return false;
	tool_settings_read(&settings, self->shim_dir, "");
	leaving_begin(fed_machine()->jobserver);
	fed_wait_for_first(self, settings.patience);
	leaving_end();
	return following_set(false) && tell();
}

bool feeder_work(const struct self *self, char *const words[])
{
	const char *why = "";
	uint64_t slots;
	sigset_t none;

	if (!number_read(words[2], LEDGER_RECORD_COUNT, &slots) || slots == 0)
		return refuse(ERROR_NO_JOBSERVER, "no number of slots");
	signal(SIGPIPE, SIG_IGN);
	(void)!chdir("/"); /* so that we keep no file system busy */
	if (!fed_open(words[0], words[1], (long)slots, &why)) {
		fed_close();
		return refuse(ERROR_NO_JOBSERVER, why);
	}
	feeder.self = self;
	feeder.staying = staying_make();
	fed_is_for(getppid());
	if (take_first(self)) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		watch_own();
		feed();
	}
	end();
	fed_close();
	return true;
}
