#include "past.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "adapter.h"
#include "arena.h"
#include "contract.h"
#include "ledger.h"
#include "process.h"
#include "report.h"
#include "resolve.h"
#include "wrapper.h"

enum {
	NAMES_MAX = 1024,
	KINDS_MAX = 128,
	RUNNING_MAX = 256,
	TICK_MS = 200,
	SHARE = 50, /* of the time, looking takes one in so many at most */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

/* The same tool, started by the same program for the same reason. */
struct kind {
	char tool[256];
	char caller[16];
	const char *why;
	unsigned runs;
	uint64_t ns;
};

/* A run that went past the shims, in the look before or in this one. */
struct running {
	pid_t pid;
	uint64_t start;
};

static struct watch {
	const char *shim_dir;
	long hops;     /* launchers above us all */
	bool tells;    /* prints a line at once */
	char names[NAMES_MAX][16]; /* of tools, cut like the kernel's */
	size_t name_count;
	struct kind kinds[KINDS_MAX];
	size_t kind_count;
	struct running before[RUNNING_MAX], now[RUNNING_MAX];
	size_t before_count, now_count;
	uint64_t looked_ns, passed_ns; /* at the last look; between it and the one before */
	uint64_t governed_ns, past_ns;
} watch;

/* A process on the way from the root to a tool. */
struct ancestor {
	struct process process;
	const struct ancestor *above; /* NULL: it is the root */
};

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

/* The names of shims are those of tools, but for the clients, whose own work is to start tools. */
static bool read_names(void)
{
	const struct dirent *entry;
	DIR *directory = watch.shim_dir[0] == '\0' ? NULL : opendir(watch.shim_dir);

	if (directory == NULL)
		return false;
	while ((entry = readdir(directory)) != NULL && watch.name_count < NAMES_MAX)
		if (entry->d_name[0] != '.' && adapter_find(entry->d_name) == NULL)
			snprintf(watch.names[watch.name_count++], sizeof watch.names[0], "%.15s", entry->d_name);
	closedir(directory);
	return true;
}

static bool has_name(const char *comm)
{
	for (size_t i = 0; i < watch.name_count; i++)
		if (strcmp(watch.names[i], comm) == 0)
			return true;
	return false;
}

/* Whether PATH has the shim dir. */
static bool has_shims(const char *path)
{
	const size_t length = strlen(watch.shim_dir);

	for (const char *at = path; *at != '\0'; at += strcspn(at, ":"), at += *at == ':')
		if (strncmp(at, watch.shim_dir, length) == 0 && (at[length] == ':' || at[length] == '\0'))
			return true;
	return false;
}

enum place { NO_TOOL, GOVERNED, PAST };

/* By the environment that it was started with: every launcher counts its hop. */
static enum place place_of(const struct process *process, bool *shims)
{
	static const char hops[] = ENV_HOPS "=", path[] = "PATH=";
	char file[32], *text;
	size_t room;
	ssize_t length;
	enum place place = PAST;

	snprintf(file, sizeof file, "/proc/%d/environ", (int)process->pid);
	text = arena_room(&room);
	length = read_whole_file_at(AT_FDCWD, file, text, room - 1);
	if (length <= 0)
		return NO_TOOL; /* it has ended, or is somebody else's */
	text[length] = '\0';
	*shims = false;
	for (const char *at = text; at < text + length; at += strlen(at) + 1) {
		if (strncmp(at, hops, sizeof hops - 1) == 0 && strtol(at + sizeof hops - 1, NULL, 10) > watch.hops)
			place = GOVERNED;
		else if (strncmp(at, path, sizeof path - 1) == 0)
			*shims = has_shims(at + sizeof path - 1);
	}
	return place;
}

/* The path that was called; where it was a name, that of the program, by that name if it has it there too. True if a path was
 * called. */
static bool name_tool(const struct process *process, char *tool, size_t size)
{
	char file[32], word[256];
	const char *path, *slash;

	snprintf(file, sizeof file, "/proc/%d/cmdline", (int)process->pid);
	if (read_small_file(file, word, sizeof word) <= 0)
		word[0] = '\0';
	if (word[0] == '/') {
		snprintf(tool, size, "%s", word);
		return true;
	}
	path = process_path(process->pid);
	if (path == NULL)
		path = process->comm;
	slash = strrchr(path, '/');
	if (slash == NULL || snprintf(tool, size, "%.*s%s", (int)(slash + 1 - path), path, word) >= (int)size ||
	    access(tool, X_OK) < 0)
		snprintf(tool, size, "%s", path);
	return false;
}

/* A shell is named by what has started it: that has the command. */
static const char *caller_of(const struct ancestor *parent)
{
	static const char *const shells[] = { "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh" };

	for (const struct ancestor *at = parent; at != NULL; at = at->above) {
		bool is_shell = false;

		for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
			is_shell = is_shell || strcmp(at->process.comm, shells[i]) == 0;
		if (!is_shell)
			return at->process.comm;
	}
	return parent->process.comm;
}

static bool ran_before(const struct process *process)
{
	for (size_t i = 0; i < watch.before_count; i++)
		if (watch.before[i].pid == process->pid && watch.before[i].start == process->start)
			return true;
	return false;
}

static struct kind *kind_of(const char *tool, const char *caller, const char *why)
{
	struct kind *kind = watch.kinds;

	for (; kind < watch.kinds + watch.kind_count; kind++)
		if (strcmp(kind->tool, tool) == 0 && strcmp(kind->caller, caller) == 0 && kind->why == why)
			return kind;
	if (watch.kind_count == KINDS_MAX)
		return kind - 1; /* the rest goes with the last */
	watch.kind_count++;
	snprintf(kind->tool, sizeof kind->tool, "%s", tool);
	snprintf(kind->caller, sizeof kind->caller, "%s", caller);
	kind->why = why;
	if (watch.tells) {
		printf("jobshim: %s went past the shims: %s, by %s\n", tool, why, caller);
		fflush(stdout);
	}
	return kind;
}

static void note(const struct process *process, const struct ancestor *parent, bool shims)
{
	static const char by_path[] = "called by its path", behind[] = "the shims are not first on its PATH",
	                  without[] = "its PATH is without the shims";
	char tool[256];
	const bool path = name_tool(process, tool, sizeof tool);
	struct kind *kind = kind_of(tool, caller_of(parent), path ? by_path : shims ? behind : without);

	kind->runs += !ran_before(process);
	kind->ns += watch.passed_ns;
	watch.past_ns += watch.passed_ns;
	if (watch.now_count < RUNNING_MAX)
		watch.now[watch.now_count++] = (struct running){ .pid = process->pid, .start = process->start };
}

/* Whether it is a tool; what that starts is its own affair. */
static bool look_at(const struct process *process, const struct ancestor *parent)
{
	const char *path;
	bool shims;

	if (!has_name(process->comm) || (path = process_path(process->pid)) == NULL)
		return false;
	if (is_launcher(path))
		return false; /* it waits, for a slot or for the tool below it */
	if (wrapper_of(path) != NULL)
		return false; /* ccache takes no slot unless it starts a compiler */
	switch (place_of(process, &shims)) {
	case GOVERNED:
		watch.governed_ns += watch.passed_ns;
		return true;
	case PAST:
		note(process, parent, shims);
		return true;
	case NO_TOOL:
		break;
	}
	return false;
}

static void look_below(pid_t pid, void *state)
{
	struct ancestor ancestor = { .above = state };

	if (process_read(pid, &ancestor.process) && !ancestor.process.zombie &&
	    (ancestor.above == NULL || !look_at(&ancestor.process, ancestor.above)))
		process_each_child(pid, look_below, &ancestor);
}

/* How many ms until the next look. */
static int look(pid_t root)
{
	const uint64_t began = monotonic_ns();
	int cost;

	watch.passed_ns = began - watch.looked_ns;
	watch.looked_ns = began;
	watch.now_count = 0;
	look_below(root, NULL);
	memcpy(watch.before, watch.now, sizeof watch.now);
	watch.before_count = watch.now_count;
	cost = (int)((monotonic_ns() - began) / MS);
	return cost * SHARE > TICK_MS ? cost * SHARE : TICK_MS;
}

static bool print_all(void)
{
	printf("%llu%c%llu%c", (unsigned long long)(watch.governed_ns / MS), 0, (unsigned long long)(watch.past_ns / MS), 0);
	for (size_t i = 0; i < watch.kind_count; i++) {
		const struct kind *kind = &watch.kinds[i];

		printf("%s%c%s%c%s%c%u%c%llu%c", kind->tool, 0, kind->caller, 0, kind->why, 0, kind->runs, 0,
		       (unsigned long long)(kind->ns / MS), 0);
	}
	return fflush(stdout) == 0;
}

/* A descriptor that can be read when the process ends; -1 where the kernel has none, then each look tells. */
static int open_process(pid_t pid)
{
#if defined SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

static void watch_until_end(pid_t root)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction action = { .sa_handler = end };
	struct pollfd ended = { .fd = open_process(root), .events = POLLIN };
	struct process process;
	sigset_t blocked, before;
	uint64_t start;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
		sigaddset(&blocked, ending[i]);
		sigaction(ending[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!process_read(root, &process))
		return;
	start = process.start;
	watch.looked_ns = monotonic_ns();
	while (!is_over && process_read(root, &process) && process.start == start && !process.zombie) {
		const int wait = look(root);
		const struct timespec timeout = { .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * (long)MS };

		if (ppoll(&ended, ended.fd < 0 ? 0 : 1, &timeout, &before) > 0)
			break;
	}
}

bool past_answer(const struct self *self, const char *option, const char *root, int *status)
{
	const char *hops = getenv(ENV_HOPS);
	char *rest;
	const bool tells = strcmp(option, "--tell-past") == 0;
	long pid;

	if (!tells && strcmp(option, "--past") != 0)
		return false;
	*status = 1;
	pid = strtol(root, &rest, 10);
	watch.tells = tells;
	watch.shim_dir = self->shim_dir;
	watch.hops = hops == NULL ? 0 : strtol(hops, NULL, 10);
	if (pid <= 0 || pid > INT_MAX || *rest != '\0') {
		report("%s %s: no process", option, root);
		return true;
	}
	if (!read_names()) {
		report("%s: the names of the shims can't be read", self->shim_dir);
		return true;
	}
	watch_until_end((pid_t)pid);
	*status = watch.tells || print_all() ? 0 : 1;
	return true;
}
