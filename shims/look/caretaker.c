#include "look/caretaker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "look/commandwatch.h"
#include "look/poolcare.h"
#include "look/watch.h"
#include "ground/clock.h"
#include "ground/number.h"

enum {
	ORDERS = sizeof caretaker_orders / sizeof caretaker_orders[0],
	INPUT_MAX = 2 * PATH_MAX,
};

static struct {
	const struct self *self;
	bool is_over; /* stdin has ended */
	char input[INPUT_MAX];
	size_t length;
} caretaker;

static bool obey_tend(char *const words[])
{
	uint64_t device, inode, tokens, is_fed;

	return number_read(words[1], UINT64_MAX, &device) && number_read(words[2], UINT64_MAX, &inode) &&
	       number_read(words[3], LEDGER_POOL_MAX, &tokens) && number_read(words[4], 1, &is_fed) &&
	       poolcare_begin(words[0], device, inode, (long)tokens, is_fed == 1);
}

static bool obey_stay(char *const words[])
{
	uint64_t pid;

	if (!number_read(words[0], INT_MAX, &pid))
		return false;
	commandwatch_stay((pid_t)pid);
	return true;
}

static bool obey_watch(char *const words[])
{
	commandwatch_begin(caretaker.self, words[0], words[1]);
	return true;
}

static bool obey_count(char *const words[])
{
	(void)words;
	return poolcare_tell_free();
}

static bool obey_end(char *const words[])
{
	(void)words;
	return false;
}

/* False: that was the last one. */
static bool (*const obey[ORDERS])(char *const words[]) = {
	[ORDER_TEND] = obey_tend, [ORDER_STAY] = obey_stay, [ORDER_WATCH] = obey_watch,
	[ORDER_COUNT] = obey_count, [ORDER_END] = obey_end,
};

/* ORDERS if it is none. */
static size_t order_named(const char *name)
{
	size_t order = 0;

	while (order < ORDERS && strcmp(caretaker_orders[order].name, name) != 0)
		order++;
	return order;
}

/* Finds the words of the first order. Returns its size; 0 if it is not complete yet. */
static size_t split_order(char *words[ORDER_WORDS_MAX + 1], int count)
{
	char *at = caretaker.input;

	for (int i = 0; i <= count; i++) {
		char *end = memchr(at, '\0', caretaker.length - (size_t)(at - caretaker.input));

		if (end == NULL)
			return 0;
		words[i] = at;
		at = end + 1;
	}
	return (size_t)(at - caretaker.input);
}

/* Obeys all complete orders. False: the caretaker is to end. */
static bool obey_input(void)
{
	char *words[ORDER_WORDS_MAX + 1];

	while (split_order(words, 0) > 0) {
		const size_t order = order_named(words[0]);
		const size_t size = order == ORDERS ? 0 : split_order(words, caretaker_orders[order].words);

		if (order == ORDERS || (size > 0 && !obey[order](words + 1)))
			return false;
		if (size == 0)
			break;
		caretaker.length -= size;
		memmove(caretaker.input, caretaker.input + size, caretaker.length);
	}
	return caretaker.length < sizeof caretaker.input; /* no order of ours is so long */
}

static bool read_input(void)
{
	ssize_t n = read(STDIN_FILENO, caretaker.input + caretaker.length, sizeof caretaker.input - caretaker.length);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	caretaker.is_over = n == 0;
	if (n == 0)
		watch_unwanted();
	caretaker.length += (size_t)n;
	return obey_input();
}

enum { INPUT, EVENTS, ENDED, GUIDE, SOURCES };

/* Sleeps until something is to be done. False on error. */
static bool sleep_until_due(struct pollfd ready[SOURCES])
{
	static const uint64_t second = 1000000000;
	const uint64_t of_pool = poolcare_due_ns(), of_command = commandwatch_due_ns();
	const uint64_t due = of_pool < of_command ? of_pool : of_command;
	const uint64_t now = monotonic_ns(), wait = due > now ? due - now : 0;
	const struct timespec timeout = { .tv_sec = (time_t)(wait / second), .tv_nsec = (long)(wait % second) };
	int result;

	/* poll() ignores a descriptor of -1. */
	ready[INPUT] = (struct pollfd){ .fd = caretaker.is_over ? -1 : STDIN_FILENO, .events = POLLIN };
	ready[EVENTS] = (struct pollfd){ .fd = poolcare_events(), .events = POLLIN };
	ready[ENDED] = (struct pollfd){ .fd = commandwatch_ended(), .events = POLLIN };
	ready[GUIDE] = (struct pollfd){ .fd = poolcare_guide(), .events = POLLIN };
	result = ppoll(ready, SOURCES, due == NEVER ? NULL : &timeout, NULL);
	return result >= 0 || errno == EINTR;
}

static bool work(void)
{
	struct pollfd ready[SOURCES];

	while (!caretaker.is_over || commandwatch_stays()) {
		uint64_t now;

		if (!sleep_until_due(ready))
			return false;
		if (ready[INPUT].revents != 0 && !read_input())
			break;
		if (ready[EVENTS].revents != 0)
			poolcare_take_event();
		if (ready[ENDED].revents != 0)
			commandwatch_end();
		if (ready[GUIDE].revents != 0)
			poolcare_answer();
		now = monotonic_ns();
		if (poolcare_jobserver() != NULL && now >= poolcare_due_ns())
			poolcare_step(now);
		if (now >= commandwatch_due_ns())
			commandwatch_step(now);
	}
	commandwatch_end();
	return true;
}

bool caretaker_work(const struct self *self, char *const words[])
{
	(void)words;
	caretaker.self = self;
	signal(SIGPIPE, SIG_IGN); /* it comes when our parent is gone, and stdin tells that */
	(void)!chdir("/"); /* so that we keep no file system busy */
	return work();
}
