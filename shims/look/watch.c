#include "look/watch.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "look/classify.h"
#include "look/governed.h"
#include "look/orphans.h"
#include "look/phases.h"
#include "look/shimnames.h"
#include "look/toolruns.h"
#include "look/tooluse.h"
#include "look/verdict.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "proc/process.h"
#include "proc/tree.h"

enum {
	TICK_MS = 200,
	QUICK_MS = 25,     /* while tools run without a slot: more looks make the measured share more exact */
	QUICK_FOR_MS = 1000,
	TOLD_MS = 1000,    /* the file is written so often */
	SETTLED_MS = 400,  /* after so long a new process has become the program that it is to be */
	LONGEST_MS = 2000, /* the longest pause between looks, for processes that become a tool by exec */
	SHARE = 50,        /* looks take at most one part in so many of the time */
};

static const uint64_t MS = 1000000; /* in nanoseconds */

static struct watch {
	struct watched watched;
	struct judgement judgement;
	bool is_owned; /* the pool is that of the run alone */
	struct tool_use use;
	const char *file;     /* for the results; NULL: lines on stdout */
	bool is_unwanted;     /* nobody waits for the file any more */
	uint64_t searched_ns, told_ns;
	bool saw_tools;         /* at the last look */
	uint64_t saw_bypass_ns; /* the last look at which a tool had no slot */
	long last_pid;          /* the machine's newest process at the last look */
	uint64_t changed_ns;    /* the first look after it changed */
} watch;

/* One level of the walk down to the current process. */
static struct visit visits[TREE_LEVELS];

/* Looks at the process. Whether those below it are to be looked at, too. adopter: the process that adopted the first of them; NULL for the
 * root. */
static bool enter(pid_t pid, unsigned depth, void *adopter)
{
	struct visit *above = depth == 0 ? NULL : &visits[depth - 1], *here = &visits[depth];
	enum class class;

	memset(here, 0, sizeof *here);
	if (!process_read(pid, &here->ancestor.process) || here->ancestor.process.zombie)
		return false;
	here->ancestor.above = above == NULL ? adopter : &above->ancestor;
	if (above != NULL) {
		here->suspect = above->suspect;
		above->has_children = true;
	}
	class = classify(&here->ancestor, here->suspect != NULL, &here->tool);
	watch.saw_tools = watch.saw_tools || class != NO_TOOL;
	if (here->suspect != NULL)
		verdict_tell_suspect(here, class);
	if (class == GOVERNED) {
		verdict_governed(&watch.judgement, here);
		return false;
	}
	if (here->tool.only_prints && !here->tool.is_script) /* its children are no tools either */
		return false;
	if (here->suspect == NULL && class != LAUNCHER)
		phases_note(&here->ancestor.process, depth);
	if (class == LAUNCHER)
		verdict_forget(&here->ancestor.process);
	if (class == BYPASS)
		watch.saw_bypass_ns = watch.use.looked_ns;
	if (class == BYPASS && here->suspect == NULL)
		here->suspect = here;
	return true;
}

static void leave(unsigned depth, void *adopter)
{
	(void)adopter;
	if (visits[depth].suspect == &visits[depth])
		verdict_bypass(&watch.judgement, &visits[depth]);
}

static void look_below(pid_t pid, struct ancestor *adopter)
{
	tree_descend(pid, enter, leave, adopter);
}

/* The last pid in our PID namespace: while it stays the same, no process was started (proc(5), loadavg). -1 if not known. */
static long newest_pid(void)
{
	char text[128];
	const char *last = read_small_file("/proc/loadavg", text, sizeof text) > 0 ? strrchr(text, ' ') : NULL;

	return last == NULL ? -1 : number_first(last);
}

/* Whether nothing has changed since the last looks. */
static bool is_settled(uint64_t now)
{
	const long pid = newest_pid();

	if (pid < 0 || pid != watch.last_pid)
		watch.changed_ns = now;
	watch.last_pid = pid;
	return now - watch.changed_ns > SETTLED_MS * MS && !watch.saw_tools && now - watch.searched_ns < LONGEST_MS * MS;
}

int watch_look(void)
{
	const uint64_t began = monotonic_ns(), began_cpu = cpu_ns();
	int cost, tick;

	watch.judgement.passed_ns = began - watch.use.looked_ns;
	watch.use.looked_ns = began;
	if (is_settled(began))
		return TICK_MS;
	watch.searched_ns = began;
	watch.saw_tools = false;
	toolruns_begin();
	phases_begin();
	look_below(watch.watched.root, NULL);
	if (watch.is_owned) /* processes beside us may name a pool that others use, too */
		orphans_each(&watch.watched);
	toolruns_end(verdict_end, &watch.judgement);
	phases_end();
	if (watch.file != NULL && (watch.judgement.has_news || began - watch.told_ns >= TOLD_MS * MS))
		watch_write();
	cost = (int)((cpu_ns() - began_cpu) * SHARE / MS);
	tick = watch.saw_bypass_ns != 0 && began - watch.saw_bypass_ns < QUICK_FOR_MS * MS ? QUICK_MS : TICK_MS;
	return cost > tick ? cost : tick;
}

void watch_end(void)
{
	toolruns_close(verdict_end, &watch.judgement);
	phases_begin();
	phases_end(); /* none was noted: all have ended */
}

bool watch_write(void)
{
	watch.told_ns = monotonic_ns();
	watch.judgement.has_news = false;
	return tooluse_write(&watch.use, watch.file, !watch.is_unwanted);
}

void watch_unwanted(void)
{
	watch.is_unwanted = true;
}

bool watch_begin(const char *shim_dir, pid_t root, const struct watch_pool *pool, const char *file)
{
	struct process process;
	uint64_t now;

	if (!shimnames_read(shim_dir)) {
		report("%s: the names of the shims can't be read", shim_dir);
		return false;
	}
	governed_begin(pool->jobserver, pool->ledger, pool->sandboxed);
	watch.file = file;
	watch.watched = (struct watched){ .root = root, .jobserver = pool->address, .look = look_below };
	watch.judgement =
		(struct judgement){ .shim_dir = shim_dir, .noted = pool->sandboxed, .use = &watch.use, .tells = file == NULL };
	watch.is_owned = pool->ledger != NULL;
	/* The processes of the first look count as running from the start. */
	now = monotonic_ns();
	if (process_read(root, &process)) {
		watch.watched.root_start = process.start;
		now -= toolruns_age_ms(&process) * MS;
	}
	watch.use = (struct tool_use){ .jobserver = pool->address, .began_ns = now, .looked_ns = now };
	return true;
}

bool watch_pool_around(struct jobserver *jobserver, struct ledger *ledger, const char **why)
{
	if (!jobserver_open(jobserver, why))
		return false;
	if (ledger != NULL)
		ledger_open(ledger, jobserver, LEDGER_MAKE); /* launchers that come later note something in it */
	/* Only its identity is needed: a process that has it open counts as one of its users. */
	close(jobserver->read_fd);
	if (jobserver->write_fd != jobserver->read_fd)
		close(jobserver->write_fd);
	return true;
}
