#include "past.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ledger.h"
#include "process.h"
#include "report.h"
#include "resolve.h"
#include "seen.h"
#include "sight.h"
#include "tree.h"

enum {
	KINDS_MAX = 128,
	TICK_MS = 200,
	TOLD_MS = 1000,    /* the file is written so often */
	WRAPPER_MS = 1000, /* within them a wrapper has started what it stands for */
	DEEPEST = 100,     /* levels below the root: each takes 7 KB of stack, and two descriptors */
	SETTLED = 2,       /* looks after which what was started has become what it will be */
	LONGEST_MS = 2000, /* it is looked at least so often, for what becomes a tool without a new process */
	SHARE = 50,        /* of the time, looking takes one in so many at most */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

/* The same tool, started by the same program for the same reason. */
struct kind {
	char tool[256];
	char caller[16];
	char directory[1024]; /* where the first of them worked */
	const char *why;
	unsigned runs;
	uint64_t ns;
};

static struct watch {
	const char *shim_dir;
	const char *jobserver; /* its address */
	const char *file; /* where it is told; NULL: a line on stdout tells of each kind at once */
	struct kind kinds[KINDS_MAX];
	size_t kind_count;
	uint64_t began_ns, looked_ns, passed_ns; /* the start of the root and the last look; between that and the one before */
	uint64_t searched_ns, told_ns;
	uint64_t governed_ns, past_ns;
	bool saw_tools;     /* at the last look */
	long last_pid;      /* the machine's newest process at that look */
	unsigned unchanged; /* looks since there was a newer one */
} watch;

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

static void read_directory(pid_t pid, char *directory, size_t size)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	length = readlink(link, directory, size - 1);
	directory[length < 0 ? 0 : length] = '\0';
}

static struct kind *kind_of(const char *tool, const char *caller, const char *why, pid_t pid)
{
	struct kind *kind = watch.kinds;

	for (; kind < watch.kinds + watch.kind_count; kind++)
		if (strcmp(kind->tool, tool) == 0 && strcmp(kind->caller, caller) == 0 && kind->why == why)
			return kind;
	if (watch.kind_count == KINDS_MAX)
		return kind - 1; /* the rest goes with the last */
	watch.kind_count++;
	watch.told_ns = 0;
	snprintf(kind->tool, sizeof kind->tool, "%s", tool);
	snprintf(kind->caller, sizeof kind->caller, "%s", caller);
	read_directory(pid, kind->directory, sizeof kind->directory);
	kind->why = why;
	if (watch.file == NULL) {
		printf("jobshim: %s went past the shims: %s, by %s\n", tool, why, caller);
		fflush(stdout);
	}
	return kind;
}

static void note_past(const struct process *process, const struct ancestor *parent, const char *why)
{
	char tool[256];
	struct kind *kind;

	sight_tool(process, tool, sizeof tool);
	kind = kind_of(tool, sight_caller(parent), why, process->pid);
	kind->runs += seen_note(process, watch.shim_dir);
	kind->ns += watch.passed_ns;
	watch.past_ns += watch.passed_ns;
}

/* What has a tool's name and is not of a launcher's doing may be a wrapper that is about to start a shim: one that does
 * nothing for long is none, and one that works has a child, or takes a processor and is no script: those take a while to begin. What
 * was once at work remains it. */
static bool is_at_work(const struct process *process, bool has_children)
{
	return has_children || seen_age_ms(process) >= WRAPPER_MS || seen_before(process) ||
	       (process->cpu > 0 && !sight_is_script(process));
}

/* A process, and what was found below it. */
struct visit {
	struct ancestor ancestor;
	unsigned depth;
	bool in_past;      /* below a tool that went past the shims: what that starts is its own affair */
	bool has_children;
	bool has_launcher; /* or a tool that one has started */
};

static void look_below(pid_t pid, void *state)
{
	struct visit *above = state, here = { .in_past = false };
	const struct process *process = &here.ancestor.process;
	enum sight sight = NO_TOOL;
	const char *why = "";

	here.depth = above == NULL ? 0 : above->depth + 1;
	if (here.depth > DEEPEST || !process_read(pid, &here.ancestor.process) || process->zombie)
		return;
	if (above != NULL) {
		here.ancestor.above = &above->ancestor;
		above->has_children = true;
		sight = sight_of(process, &why);
		here.in_past = above->in_past || sight == PAST;
	}
	watch.saw_tools = watch.saw_tools || sight != NO_TOOL;
	if (sight == GOVERNED) {
		seen_note(process, watch.shim_dir);
		watch.governed_ns += watch.passed_ns;
		here.has_launcher = true;
	} else {
		here.has_launcher = sight == LAUNCHER;
		tree_each_child(pid, look_below, &here);
	}
	if (sight == PAST && !above->in_past) {
		if (!here.has_launcher && is_at_work(process, here.has_children))
			note_past(process, &above->ancestor, why);
		else if (seen_before(process))
			seen_note(process, watch.shim_dir); /* gcc past the shims, whose ld is one: the same run goes on after it */
	}
	if (above != NULL)
		above->has_launcher = above->has_launcher || here.has_launcher;
}

static void print_number(FILE *out, uint64_t number)
{
	fprintf(out, "%llu%c", (unsigned long long)number, 0);
}

static void print_words(FILE *out)
{
	fprintf(out, "%s%c", watch.jobserver, 0);
	print_number(out, (watch.looked_ns - watch.began_ns) / MS);
	print_number(out, watch.governed_ns / MS);
	print_number(out, watch.past_ns / MS);
	print_number(out, watch.kind_count);
	for (size_t i = 0; i < watch.kind_count; i++) {
		const struct kind *kind = &watch.kinds[i];

		fprintf(out, "%s%c%s%c%s%c%s%c", kind->tool, 0, kind->caller, 0, kind->why, 0, kind->directory, 0);
		print_number(out, kind->runs);
		print_number(out, kind->ns / MS);
	}
	seen_print(out);
}

/* Its directory is made where nobody needed it before. */
static int create(const char *path)
{
	static bool made;
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
	char directory[PATH_MAX];
	int fd = open_high(path, flags), length;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	/* One that was there is gone with all that the run had. */
	if (made)
		return -1;
	made = true;
	length = (int)(strrchr(path, '/') - path);
	if (snprintf(directory, sizeof directory, "%.*s", length, path) != length ||
	    (mkdir(directory, 0700) < 0 && errno != EEXIST))
		return -1;
	return open_high(path, flags);
}

bool past_write(void)
{
	char path[PATH_MAX];
	FILE *out;
	int fd;
	bool whole;

	watch.told_ns = monotonic_ns();
	if (snprintf(path, sizeof path, "%s.new", watch.file) >= (int)sizeof path)
		return errno = ENAMETOOLONG, false;
	fd = create(path);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	print_words(out);
	whole = ferror(out) == 0;
	return fclose(out) == 0 && whole && rename(path, watch.file) == 0;
}

/* The pid that was given out last in our PID namespace: while it stays the same nothing was started (proc(5), loadavg). -1 where
 * that is not told. */
static long newest_pid(void)
{
	char text[128];
	const char *last = read_small_file("/proc/loadavg", text, sizeof text) > 0 ? strrchr(text, ' ') : NULL;

	return last == NULL ? -1 : strtol(last, NULL, 10);
}

/* Whether there is nothing to see that the last looks have not seen. */
static bool is_settled(uint64_t now)
{
	const long pid = newest_pid();

	if (pid < 0 || pid != watch.last_pid)
		watch.unchanged = 0;
	else
		watch.unchanged++;
	watch.last_pid = pid;
	return watch.unchanged > SETTLED && !watch.saw_tools && now - watch.searched_ns < LONGEST_MS * MS;
}

int past_look(pid_t root)
{
	const uint64_t began = monotonic_ns(), began_cpu = cpu_ns();
	int cost;

	watch.passed_ns = began - watch.looked_ns;
	watch.looked_ns = began;
	if (is_settled(began))
		return TICK_MS;
	watch.searched_ns = began;
	watch.saw_tools = false;
	seen_begin();
	look_below(root, NULL);
	seen_end();
	if (watch.file != NULL && began - watch.told_ns >= TOLD_MS * MS)
		past_write();
	cost = (int)((cpu_ns() - began_cpu) / MS);
	return cost * SHARE > TICK_MS ? cost * SHARE : TICK_MS;
}

bool past_begin(const char *shim_dir, pid_t root, const char *jobserver, const char *file)
{
	struct process process;

	watch.shim_dir = shim_dir;
	watch.jobserver = jobserver;
	watch.file = file;
	if (!sight_begin(shim_dir)) {
		report("%s: the names of the shims can't be read", shim_dir);
		return false;
	}
	/* What runs at the first look stands for what ran until then. */
	watch.began_ns = watch.looked_ns = monotonic_ns();
	if (process_read(root, &process))
		watch.began_ns = watch.looked_ns -= seen_age_ms(&process) * MS;
	return true;
}

static void watch_until_end(pid_t root)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction action = { .sa_handler = end };
	struct pollfd ended = { .fd = process_open(root), .events = POLLIN };
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
	while (!is_over && process_read(root, &process) && process.start == start && !process.zombie) {
		const int wait = past_look(root);
		const struct timespec timeout = { .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * (long)MS };

		if (ppoll(&ended, ended.fd < 0 ? 0 : 1, &timeout, &before) > 0)
			break;
	}
}

bool past_tell(const struct self *self, char *const words[])
{
	char *rest;
	const long pid = strtol(words[0], &rest, 10);

	if (pid <= 0 || pid > INT_MAX || *rest != '\0') {
		report("%s: no process", words[0]);
		return false;
	}
	if (!past_begin(self->shim_dir, (pid_t)pid, "", NULL))
		return false;
	watch_until_end((pid_t)pid);
	return true;
}
