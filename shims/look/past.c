#include "look/past.h"

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
#include "ledger/counters.h"
#include "look/bypass.h"
#include "look/seen.h"
#include "look/sight.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "tool/families.h"
#include "tool/resolve.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/trust.h"
#include "proc/process.h"
#include "proc/tree.h"

enum {
	TICK_MS = 200,
	QUICK_MS = 25,     /* while tools go past: a share is known the better the more often it is looked at */
	QUICK_FOR_MS = 1000,
	TOLD_MS = 1000,    /* the file is written so often */
	WRAPPER_MS = 1000, /* within them a program that does nothing has started what it stands for */
	SETTLED_MS = 400,  /* after which what was started has become what it will be */
	LONGEST_MS = 2000, /* it is looked at least so often, for what becomes a tool without a new process */
	STRANGERS_MAX = 1024,
	SHARE = 50,        /* of the time, looking takes one in so many at most */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct watch {
	const char *shim_dir;
	pid_t root;
	uint64_t root_start;
	pid_t below; /* the root, or one of those above it: whose parent's children are looked at */
	const char *jobserver;       /* its address */
	const struct ledger *ledger; /* in which launchers name who has started them; NULL: they can't */
	bool is_alone;    /* who wanted to know is gone */
	const char *file; /* where it is told; NULL: a line on stdout tells of each kind at once */
	uint64_t began_ns, looked_ns, passed_ns; /* the start of the root and the last look; between that and the one before */
	uint64_t searched_ns, told_ns;
	uint64_t governed_ns;
	unsigned launched, by_clients; /* runs in a slot that were seen: of a shim's doing, and others */
	bool saw_tools;       /* at the last look */
	uint64_t saw_past_ns; /* the last look at which a tool was past the shims */
	long last_pid;        /* the machine's newest process at the last look */
	uint64_t changed_ns;  /* the first look that has seen it */
} watch;

static volatile sig_atomic_t is_over;

static void end(int number)
{
	(void)number;
	is_over = 1;
}

/* Counts what a run did until now: it is no wrapper, as it seems or for certain. */
static void judge(struct seen *run, enum verdict verdict)
{
	if (bypass_count(run->kind, run->verdict == UNJUDGED, run->unjudged_ns))
		watch.told_ns = 0;
	run->counted_ns += run->unjudged_ns;
	run->unjudged_ns = 0;
	run->verdict = verdict;
	if (verdict == WENT_PAST && watch.file == NULL)
		bypass_tell(run->kind);
}

static void acquit(struct seen *run)
{
	if (run->verdict == SUSPECTED)
		bypass_discount(run->kind, run->counted_ns);
	run->verdict = IS_WRAPPER;
}

/* Whether a launcher noted that this process has started it, or was it. */
static bool has_launched(pid_t pid)
{
	return watch.ledger != NULL && ledger_has_caller(watch.ledger, pid);
}

/* The process has become a launcher. */
static void forget(const struct process *process)
{
	struct seen *run = seen_of(process);

	if (run == NULL)
		return;
	/* Whatever it was taken for: what becomes a launcher was the wrapper of one, a compiled one too. */
	if (run->verdict == WENT_PAST)
		run->verdict = SUSPECTED;
	acquit(run);
	run->pid = 0;
}

/* A run that is over: one that was never seen above a launcher was none's wrapper. */
static void end_run(struct seen *run)
{
	if (run->kind == NULL || (run->verdict != UNJUDGED && run->verdict != SUSPECTED))
		return;
	if (has_launched(run->pid))
		acquit(run);
	else
		judge(run, WENT_PAST);
}

/* A process, and what was found below it. */
struct visit {
	struct ancestor ancestor;
	struct sighted told;
	struct visit *suspect; /* the outermost tool without a slot above it, or it itself: what that starts is its own affair */
	bool has_children;
	bool has_tool;     /* a tool, or a part of one, that no launcher has started */
	bool has_launcher; /* or a tool that one has started ... */
	bool has_likes;    /* ... of a kind that it may stand for itself */
};

/* A program that does nothing for long is no wrapper, nor is one that computes. A script takes long to begin, and may look around
 * before it starts a shim: for certain it is none once it has started a tool, or has ended. */
static enum verdict verdict_of(const struct visit *visit)
{
	const struct process *process = &visit->ancestor.process;
	const bool is_old = seen_age_ms(process) >= WRAPPER_MS;

	if (visit->has_tool)
		return WENT_PAST;
	if (visit->told.is_script || visit->has_children)
		return is_old ? SUSPECTED : UNJUDGED;
	return process->cpu > 0 || seen_age_ms(process) >= TICK_MS ? WENT_PAST : UNJUDGED;
}

static void note_governed(const struct visit *visit)
{
	bool is_new;
	struct seen *run = seen_note(&visit->ancestor.process, watch.shim_dir, &is_new);

	watch.governed_ns += watch.passed_ns;
	if (run != NULL && run->kind != NULL) {
		acquit(run);
		run->kind = NULL;
	}
	if (!is_new)
		return;
	watch.launched += visit->told.has_launcher;
	watch.by_clients += !visit->told.has_launcher && !visit->told.is_script;
}

static void note_past(const struct visit *visit)
{
	bool is_new;
	struct seen *run = seen_note(&visit->ancestor.process, watch.shim_dir, &is_new);
	struct seen rest = { .verdict = UNJUDGED };
	enum verdict verdict;

	if (run == NULL)
		run = &rest;
	/* What a script did before it became a tool was no tool's work. */
	if (run->kind != NULL && run->is_script && !visit->told.is_script) {
		acquit(run);
		run->kind = NULL;
	}
	run->is_script = visit->told.is_script;
	if (run->kind == NULL) {
		run->kind = bypass_kind(&visit->ancestor, visit->told.reason);
		run->verdict = UNJUDGED;
		run->unjudged_ns = run->counted_ns = 0;
	}
	if (visit->has_likes && run->verdict != WENT_PAST)
		acquit(run);
	/* gcc past the shims, whose ld is one: the same run goes on after it. */
	if (run->verdict == IS_WRAPPER || visit->has_launcher || visit->has_likes)
		return;
	run->unjudged_ns += watch.passed_ns;
	verdict = run == &rest || run->verdict == WENT_PAST ? WENT_PAST : verdict_of(visit);
	if (verdict != UNJUDGED)
		judge(run, verdict);
}

/* Tells the suspect above what was found. as and ld are parts of gcc: it need not stand for them. */
static void tell_suspect(const struct visit *found, enum sight sight)
{
	struct visit *suspect = found->suspect;
	const struct family_name *family = family_of(found->told.name), *of_suspect = family_of(suspect->told.name);
	const bool is_part = family != NULL && family_is_part(family->family) &&
	                     (of_suspect == NULL || strcmp(of_suspect->family, family->family) != 0);

	if (sight == PAST)
		suspect->has_tool = suspect->has_tool || !found->told.is_script;
	else if (sight == NO_TOOL)
		suspect->has_tool = suspect->has_tool || (!suspect->told.is_script && sight_is_part(&found->ancestor.process));
	else if (is_part)
		suspect->has_launcher = true;
	else
		suspect->has_likes = true;
}

/* A visit for each process on the way down to the one that is looked at; who has adopted the first of them, NULL for the root. */
static struct visit visits[TREE_LEVELS];

static struct visit *visit_above(unsigned depth, struct visit *adopter)
{
	return depth == 0 ? adopter : &visits[depth - 1];
}

/* Whether what is below the process is to be looked at. */
static bool enter(pid_t pid, unsigned depth, void *adopter)
{
	struct visit *above = visit_above(depth, adopter), *here = &visits[depth];
	enum sight sight;

	memset(here, 0, sizeof *here);
	if (!process_read(pid, &here->ancestor.process) || here->ancestor.process.zombie)
		return false;
	if (above != NULL) {
		here->ancestor.above = &above->ancestor;
		here->suspect = above->suspect;
		above->has_children = true;
	}
	sight = sight_of(&here->ancestor, here->suspect != NULL, &here->told);
	watch.saw_tools = watch.saw_tools || sight != NO_TOOL;
	if (here->suspect != NULL)
		tell_suspect(here, sight);
	if (sight == GOVERNED) {
		note_governed(here);
		return false;
	}
	if (here->told.asks && !here->told.is_script) /* what it starts to answer is no tool either */
		return false;
	if (sight == LAUNCHER)
		forget(&here->ancestor.process);
	if (sight == PAST)
		watch.saw_past_ns = watch.looked_ns;
	if (sight == PAST && here->suspect == NULL)
		here->suspect = here;
	return true;
}

static void leave(unsigned depth, void *adopter)
{
	(void)adopter;
	if (visits[depth].suspect == &visits[depth])
		note_past(&visits[depth]);
}

static void look_below(pid_t pid, struct visit *adopter)
{
	tree_descend(pid, enter, leave, adopter);
}

/* Of those beside the command, who is not below it. Their numbers last from one look to the next. */
static struct {
	pid_t pids[STRANGERS_MAX];
	size_t count, at; /* the kernel tells children in one order: who comes next */
} strangers, now_strangers;

static bool is_stranger(pid_t pid)
{
	for (size_t tried = 0; tried < strangers.count; tried++) {
		const size_t at = (strangers.at + tried) % strangers.count;

		if (strangers.pids[at] != pid)
			continue;
		strangers.at = at + 1;
		return true;
	}
	return false;
}

static void note_stranger(pid_t pid)
{
	if (now_strangers.count < STRANGERS_MAX)
		now_strangers.pids[now_strangers.count++] = pid;
}

/* A child of who is above the command. If it was started after that, and with the address of the pool, which nobody else has, what
 * has started it is gone: it was below the command, and still is its work. */
static void look_at_adopted(pid_t pid, void *state)
{
	struct process process;
	enum names names = NAMES_NOT;

	if (pid == watch.below)
		return;
	if (!is_stranger(pid) && process_read(pid, &process) && process.start >= watch.root_start)
		names = sight_names_pool(&process, watch.jobserver);
	if (names == NAMES_NOT)
		note_stranger(pid);
	else if (names == NAMES_POOL)
		look_below(pid, state);
}

/* Init, or another process above us, has adopted what daemons and background jobs have left. */
static void look_at_orphans(void)
{
	struct visit above = { .has_children = false };

	now_strangers.count = strangers.at = 0;
	if (!process_read(watch.root, &above.ancestor.process))
		return;
	for (int i = 0; i < TREE_LEVELS; i++) {
		watch.below = above.ancestor.process.pid;
		if (!process_read(above.ancestor.process.parent, &above.ancestor.process))
			break;
		above.ancestor.client = CLIENT_UNASKED;
		above.ancestor.adopts = true;
		tree_each_child(above.ancestor.process.pid, look_at_adopted, &above);
	}
	strangers = now_strangers;
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
	print_number(out, bypass_ns() / MS);
	print_number(out, watch.launched);
	print_number(out, watch.by_clients);
	bypass_print(out);
	seen_print(out);
}

/* Makes a directory, with the one above it, which was there before us. */
static bool make(char *directory)
{
	char *slash = strrchr(directory, '/');

	if (mkdir(directory, 0700) == 0 || errno == EEXIST)
		return true;
	if (errno != ENOENT || slash == directory)
		return false;
	*slash = '\0';
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return false;
	*slash = '/';
	return mkdir(directory, 0700) == 0 || errno == EEXIST;
}

/* Opens the directory of the watch, made in ours where nobody needed it before; -1 where it is not ours: who can put another one in its
 * place would have us write there. */
static int open_directory(char *path)
{
	static bool made;
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	struct stat status;
	int fd = open_high(path, flags);

	/* One that was there was removed: by who swept up after the run, or in the midst of it. */
	if (fd < 0 && errno == ENOENT && !(made && watch.is_alone) && make(path)) {
		made = true;
		fd = trust_of_directory(path) == TRUSTED ? open_high(path, flags) : -1;
	}
	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077) != 0)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

static bool write_in(int directory, const char *name)
{
	char temporary[NAME_MAX];
	FILE *out;
	int fd;
	bool whole;

	if (snprintf(temporary, sizeof temporary, "%s.new", name) >= (int)sizeof temporary)
		return errno = ENAMETOOLONG, false;
	fd = open_high_at(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	print_words(out);
	whole = ferror(out) == 0;
	return fclose(out) == 0 && whole && renameat(directory, temporary, directory, name) == 0;
}

bool past_write(void)
{
	const char *slash = strrchr(watch.file, '/');
	char path[PATH_MAX];
	int directory;
	bool whole;

	watch.told_ns = monotonic_ns();
	if (slash == NULL || snprintf(path, sizeof path, "%.*s", (int)(slash - watch.file), watch.file) >= (int)sizeof path)
		return errno = ENAMETOOLONG, false;
	directory = open_directory(path);
	if (directory < 0)
		return false;
	whole = write_in(directory, slash + 1);
	close(directory);
	return whole;
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
		watch.changed_ns = now;
	watch.last_pid = pid;
	return now - watch.changed_ns > SETTLED_MS * MS && !watch.saw_tools && now - watch.searched_ns < LONGEST_MS * MS;
}

int past_look(pid_t root)
{
	const uint64_t began = monotonic_ns(), began_cpu = cpu_ns();
	int cost, tick;

	watch.passed_ns = began - watch.looked_ns;
	watch.looked_ns = began;
	if (is_settled(began))
		return TICK_MS;
	watch.searched_ns = began;
	watch.saw_tools = false;
	seen_begin();
	look_below(root, NULL);
	if (watch.ledger != NULL) /* a pool that others use may be named beside us, too */
		look_at_orphans();
	seen_end(end_run);
	if (watch.file != NULL && began - watch.told_ns >= TOLD_MS * MS)
		past_write();
	cost = (int)((cpu_ns() - began_cpu) * SHARE / MS);
	tick = watch.saw_past_ns != 0 && began - watch.saw_past_ns < QUICK_FOR_MS * MS ? QUICK_MS : TICK_MS;
	return cost > tick ? cost : tick;
}

void past_end(void)
{
	seen_begin();
	seen_end(end_run);
}

void past_alone(void)
{
	watch.is_alone = true;
}

bool past_begin(const char *shim_dir, pid_t root, const struct past_pool *pool, const char *file)
{
	struct process process;

	watch.shim_dir = shim_dir;
	watch.jobserver = pool->address;
	watch.ledger = pool->ledger;
	watch.file = file;
	if (!sight_begin(shim_dir, pool->jobserver, pool->ledger)) {
		report("%s: the names of the shims can't be read", shim_dir);
		return false;
	}
	/* What runs at the first look stands for what ran until then. */
	watch.began_ns = watch.looked_ns = monotonic_ns();
	watch.root = root;
	if (process_read(root, &process)) {
		watch.root_start = process.start;
		watch.began_ns = watch.looked_ns -= seen_age_ms(&process) * MS;
	}
	return true;
}

bool past_pool_around(struct jobserver *jobserver, const char **why)
{
	if (!jobserver_open(jobserver, why))
		return false;
	/* Only which one it is matters: who has it open counts as one of its users. */
	close(jobserver->read_fd);
	if (jobserver->write_fd != jobserver->read_fd)
		close(jobserver->write_fd);
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
	struct jobserver jobserver;
	const char *why;
	const struct past_pool pool = { .address = "", .jobserver = past_pool_around(&jobserver, &why) ? &jobserver : NULL };
	uint64_t pid;

	if (!number_read(words[0], INT_MAX, &pid) || pid == 0) {
		report("%s: no process", words[0]);
		return false;
	}
	if (!past_begin(self->shim_dir, (pid_t)pid, &pool, NULL))
		return false;
	watch_until_end((pid_t)pid);
	past_end();
	return true;
}
