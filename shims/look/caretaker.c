#include "look/caretaker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/reclaim.h"
#include "look/guideanswer.h"
#include "look/past.h"
#include "pool/auth.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "pool/tokens.h"
#include "tool/resolve.h"
#include "wait/recovery.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "proc/tree.h"

enum {
	TICK_MS = 250,       /* between two looks at a pool that is not full */
	START_MS = 10,       /* until the command is looked for again */
	INPUT_MAX = 2 * PATH_MAX,
};

static const uint64_t MS = 1000000; /* in nanoseconds */
static const uint64_t NEVER = UINT64_MAX;

static struct caretaker {
	const struct self *self;
	bool tends;
	bool is_told;         /* that its FIFO is gone */
	struct jobserver jobserver;
	struct ledger ledger;
	struct recovery recovery;
	long tokens;          /* that the pool has: a ledger's group may write anything there */
	int guide;            /* where launchers ask whose slot they have; -1: nowhere */
	int inotify;          /* tells when a token of a full pool is taken; -1: the kernel has no room for one */
	uint64_t pool_due_ns; /* CLOCK_MONOTONIC; NEVER: not before somebody takes a token */
	pid_t root;           /* what starts the command (starter.h), or became it; 0: nothing is watched */
	pid_t command;        /* below which tools are looked at; 0: it is not there yet */
	struct past_pool pool;
	const char *file;     /* in which it is told what was seen */
	int root_end;         /* its pidfd */
	uint64_t watch_due_ns;
	bool has_looked;
	bool is_over;         /* stdin has ended */
	char input[INPUT_MAX];
	size_t length;
} caretaker = { .guide = -1, .inotify = -1, .root_end = -1, .pool_due_ns = UINT64_MAX, .watch_due_ns = UINT64_MAX };

static bool say(const char *word, long number)
{
	return printf("%s %ld\n", word, number) > 0 && fflush(stdout) == 0;
}

static bool say_gone(void)
{
	return printf(REPORT_GONE "\n") > 0 && fflush(stdout) == 0;
}

/* Whether the FIFO is no more where its clients look for it. What can't be told is no reason to give up. */
static bool is_gone(void)
{
	struct stat status;

	if (!stat_path(caretaker.jobserver.path, &status))
		return errno == ENOENT || errno == ENOTDIR;
	return !jobserver_is(&caretaker.jobserver, &status);
}

/* Has one event tell that a token is taken, the pool is opened, or its FIFO goes. */
static bool await_use(void)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/self/fd/%d", caretaker.jobserver.read_fd);
	return caretaker.inotify >= 0 && inotify_add_watch(caretaker.inotify, path,
	                                                   IN_ACCESS | IN_OPEN | IN_ATTRIB | IN_MOVE_SELF | IN_ONESHOT) >= 0;
}

/* Tells the size to all who look. */
static void set_size(long tokens)
{
	if (tokens != caretaker.tokens)
		say(REPORT_SIZE, tokens);
	caretaker.tokens = tokens;
	if (caretaker.ledger.fd >= 0 && caretaker.ledger.header->total != tokens)
		caretaker.ledger.header->total = (int32_t)tokens;
}

/* One step towards the size that is wanted of a server: more come at once, surplus ones are taken as they are given back. The pool of a
 * `jobshim run` keeps the size that it was made with. True once it has that size. */
static bool has_size(void)
{
	const long wanted = caretaker.ledger.owner == 0 ? ledger_wanted(&caretaker.ledger) : -1, tokens = caretaker.tokens;
	const long more = wanted > tokens ? tokens_growth(&caretaker.jobserver, tokens, wanted) : 0;

	/* Told before they come: if we are killed in between they are missing, which a census finds, and not too many. */
	set_size(tokens + more);
	if (more > 0)
		set_size(tokens + tokens_add(&caretaker.jobserver, more));
	else if (wanted > 0 && wanted < tokens)
		set_size(tokens - tokens_take(&caretaker.jobserver, tokens - wanted));
	return wanted < 1 || caretaker.tokens <= wanted;
}

/* Whether each token is in the pool: then nobody holds one, and nobody waits for one. */
static bool is_full(void)
{
	return has_size() && tokens_free(&caretaker.jobserver) == caretaker.tokens;
}

static void look_after_pool(uint64_t now)
{
	struct recovery_change change;
	uint64_t due;

	if (is_gone() && !caretaker.is_told) {
		say_gone();
		caretaker.is_told = true;
		/* The command of a `jobshim run` goes on in its pool, which it has open. */
		if (caretaker.ledger.owner == 0) {
			caretaker.tends = false;
			caretaker.pool_due_ns = NEVER;
			return;
		}
	}
	caretaker.pool_due_ns = now + TICK_MS * MS;
	/* Check again: a token may have been taken before the watch was set. */
	if (is_full() && await_use() && is_full()) {
		caretaker.pool_due_ns = NEVER;
		return;
	}
	if (caretaker.ledger.fd >= 0)
		ledger_reclaim_in_crowd(&caretaker.ledger, &caretaker.jobserver, TICK_MS * MS / 2);
	change = recovery_step(&caretaker.recovery, caretaker.tokens, &caretaker.jobserver, &caretaker.ledger);
	due = recovery_due_ns(&caretaker.recovery);
	if (due > now && due < caretaker.pool_due_ns)
		caretaker.pool_due_ns = due;
	if (change.restored > 0)
		say(REPORT_RESTORED, change.restored);
	if (change.surplus > 0)
		say(REPORT_SURPLUS, change.surplus);
}

/* The pool was used: it is looked at from now on, until it is full again. */
static void take_event(void)
{
	_Alignas(struct inotify_event) char events[1024];

	while (read(caretaker.inotify, events, sizeof events) > 0)
		;
	if (caretaker.tends && caretaker.pool_due_ns == NEVER)
		caretaker.pool_due_ns = monotonic_ns() + TICK_MS * MS;
}

static bool obey_tend(char *const words[])
{
	struct auth auth = { .kind = AUTH_FIFO, .path = words[0], .path_length = strlen(words[0]) };
	uint64_t device, inode, tokens;
	const char *why;

	if (!number_read(words[1], UINT64_MAX, &device) || !number_read(words[2], UINT64_MAX, &inode) ||
	    !number_read(words[3], LEDGER_POOL_MAX, &tokens))
		return false;
	/* Another one may be in its place already. */
	if (!jobserver_open_auth(&caretaker.jobserver, &auth, &why) || caretaker.jobserver.device != device ||
	    caretaker.jobserver.inode != inode)
		return say_gone();
	caretaker.tokens = (long)tokens;
	ledger_open(&caretaker.ledger, &caretaker.jobserver, LEDGER_LOOK);
	caretaker.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	caretaker.guide = guide_open(&caretaker.jobserver);
	caretaker.tends = true;
	caretaker.pool_due_ns = 0;
	return true;
}

static bool obey_stay(char *const words[])
{
	uint64_t pid;

	if (!number_read(words[0], INT_MAX, &pid))
		return false;
	caretaker.root = (pid_t)pid;
	caretaker.root_end = process_open(caretaker.root);
	if (caretaker.root_end < 0)
		caretaker.root = 0; /* it has ended, or its end can't be told */
	return true;
}

static bool obey_watch(char *const words[])
{
	struct past_pool *pool = &caretaker.pool;
	const char *why;

	caretaker.file = arena_copy(words[0], strlen(words[0]));
	pool->address = arena_copy(words[1], strlen(words[1]));
	if (caretaker.tends || past_pool_around(&caretaker.jobserver, &why))
		pool->jobserver = &caretaker.jobserver;
	pool->ledger = caretaker.tends && caretaker.ledger.fd >= 0 ? &caretaker.ledger : NULL;
	/* Where /proc counts the processes of another PID namespace the root's number is another's there. */
	if (caretaker.root > 0 && process_numbers_agree() && caretaker.file != NULL && pool->address != NULL)
		caretaker.watch_due_ns = 0;
	return true;
}

static bool obey_count(char *const words[])
{
	(void)words;
	return say(REPORT_FREE, caretaker.tends ? tokens_free(&caretaker.jobserver) : -1);
}

static bool obey_end(char *const words[])
{
	(void)words;
	return false;
}

/* False: that was the last one. */
static bool (*const obey[])(char *const words[]) = {
	[ORDER_TEND] = obey_tend, [ORDER_STAY] = obey_stay, [ORDER_WATCH] = obey_watch,
	[ORDER_COUNT] = obey_count, [ORDER_END] = obey_end,
};

enum { ORDERS = sizeof caretaker_orders / sizeof caretaker_orders[0] };

/* ORDERS if it is none. */
static size_t order_named(const char *name)
{
	size_t order = 0;

	while (order < ORDERS && strcmp(caretaker_orders[order].name, name) != 0)
		order++;
	return order;
}

/* Finds the words of the order that came first. Returns how many bytes it has; 0 where it is not whole yet. */
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

/* Obeys what has come whole. False: it is to end. */
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
		past_alone();
	caretaker.length += (size_t)n;
	return obey_input();
}

/* The end of what is watched. A command that was over before the first look was not watched. */
static void end_watch(void)
{
	if (caretaker.has_looked) {
		past_end();
		past_write();
	}
	if (caretaker.root_end >= 0)
		close(caretaker.root_end);
	caretaker.has_looked = false;
	caretaker.root = caretaker.command = 0;
	caretaker.root_end = -1;
	caretaker.watch_due_ns = NEVER;
}

static void note_child(pid_t pid, void *state)
{
	pid_t *child = state;

	*child = pid;
}

/* Its starter is a `look`, and has no other child; without room for a second process it became the command. 0: it has not started
 * it yet. */
static pid_t find_command(void)
{
	const char *program = process_path(caretaker.root);
	pid_t child = 0;

	if (program == NULL || !is_look(program))
		return caretaker.root;
	tree_each_child(caretaker.root, note_child, &child);
	return child;
}

static void look_at_tools(uint64_t now)
{
	struct process process;

	if (!process_read(caretaker.root, &process) || process.zombie) {
		end_watch();
		return;
	}
	if (caretaker.command == 0) {
		const pid_t command = find_command();
		const bool begins = command > 0 && past_begin(caretaker.self->shim_dir, command, &caretaker.pool, caretaker.file);

		caretaker.watch_due_ns = command > 0 ? NEVER : now + START_MS * MS;
		if (!begins)
			return;
		caretaker.command = command;
	}
	caretaker.watch_due_ns = now + (uint64_t)past_look(caretaker.command) * MS;
	caretaker.has_looked = true;
}

/* Sleeps until something is to be done. False on error. */
static bool sleep_until_due(struct pollfd ready[4])
{
	const uint64_t due = caretaker.pool_due_ns < caretaker.watch_due_ns ? caretaker.pool_due_ns : caretaker.watch_due_ns;
	const uint64_t now = monotonic_ns(), wait = due > now ? due - now : 0;
	const struct timespec timeout = { .tv_sec = (time_t)(wait / (1000 * MS)), .tv_nsec = (long)(wait % (1000 * MS)) };
	int result;

	/* A descriptor of -1 is passed over. */
	ready[0] = (struct pollfd){ .fd = caretaker.is_over ? -1 : STDIN_FILENO, .events = POLLIN };
	ready[1] = (struct pollfd){ .fd = caretaker.tends ? caretaker.inotify : -1, .events = POLLIN };
	ready[2] = (struct pollfd){ .fd = caretaker.root_end, .events = POLLIN };
	ready[3] = (struct pollfd){ .fd = caretaker.guide, .events = POLLIN };
	result = ppoll(ready, 4, due == NEVER ? NULL : &timeout, NULL);
	return result >= 0 || errno == EINTR;
}

static bool work(void)
{
	struct pollfd ready[4];

	while (!caretaker.is_over || caretaker.root > 0) {
		uint64_t now;

		if (!sleep_until_due(ready))
			return false;
		if (ready[0].revents != 0 && !read_input())
			break;
		if (ready[1].revents != 0)
			take_event();
		if (ready[2].revents != 0)
			end_watch();
		if (ready[3].revents != 0)
			guide_answer(caretaker.guide, &caretaker.jobserver, &caretaker.ledger);
		now = monotonic_ns();
		if (caretaker.tends && now >= caretaker.pool_due_ns)
			look_after_pool(now);
		if (now >= caretaker.watch_due_ns)
			look_at_tools(now);
	}
	end_watch();
	return true;
}

bool caretaker_work(const struct self *self, char *const words[])
{
	(void)words;
	caretaker.self = self;
	signal(SIGPIPE, SIG_IGN); /* who started us is gone then, and stdin tells */
	(void)!chdir("/"); /* no file system is to be kept busy by us */
	return work();
}
