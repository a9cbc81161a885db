#include "wait/work.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/records.h"
#include "pool/client.h"
#include "pool/jobserver.h"
#include "wait/census.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "proc/shimfile.h"
#include "proc/tree.h"

/* If one build has the pool for itself, all holders are below the outermost client. */
static pid_t outermost_client(const struct work *work)
{
	const struct subject self = { .is_self = true };
	struct process process;
	pid_t outermost = -1;

	if (!process_self(&process))
		return -1;
	while (process.parent > 0 && process_read(process.parent, &process))
		if (ledger_owned_by(work->record->ledger, &process) || client_of(&process, work->jobserver, &self, false) != CLIENT_NO)
			outermost = process.pid;
	return outermost;
}

/* Of the whole machine since boot: the first line of /proc/stat without idle, iowait. */
static bool measure_machine(uint64_t *ticks)
{
	enum { IDLE = 3, IOWAIT = 4, FIELDS = 8 };
	char text[512];
	const char *at = text + strlen("cpu ");

	if (read_small_file("/proc/stat", text, sizeof text) < 0 || strncmp(text, "cpu ", strlen("cpu ")) != 0)
		return false;
	*ticks = 0;
	for (int field = 0; field < FIELDS; field++) {
		const uint64_t value = number_scan(&at, 10);

		if (field != IDLE && field != IOWAIT)
			*ticks += value;
	}
	return true;
}

static bool is_launcher_process(pid_t pid)
{
	const char *path = process_path(pid);

	return path != NULL && is_of_shim_dir(path);
}

struct sum {
	const struct ledger *ledger;
	uint64_t ticks, ran_ns, ready_ns;
	bool ready;
	bool incomplete; /* a part of it can't be measured */
};

/* The `jobshim run` of this pool, or a launcher: what these do is not work of the build. */
static bool is_ours(const struct ledger *ledger, const struct process *process)
{
	return ledger_owned_by(ledger, process) || is_launcher_process(process->pid);
}

/* /proc/PID/schedstat, of the first thread: ran, was ready to run (nanoseconds). A kernel without it has no such file. */
static void add_scheduled(pid_t pid, struct sum *sum)
{
	char path[32], text[96];
	const char *at = text;

	text_put(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	if (read_small_file(path, text, sizeof text) < 0)
		return;
	sum->ran_ns += number_scan(&at, 10);
	sum->ready_ns += number_scan(&at, 10);
}

static void add_process(const struct process *process, void *state)
{
	struct sum *sum = state;

	/* Children that have ended count, our own too: short processes leave no other trace. */
	sum->ticks += process->reaped;
	if (is_ours(sum->ledger, process))
		return;
	sum->ticks += process->cpu;
	sum->ready = sum->ready || process->ready;
	add_scheduled(process->pid, sum);
}

static void add_tree(pid_t root, struct sum *sum)
{
	const enum tree_extent extent = tree_each(root, add_process, sum);

	if (extent == TREE_CHANGED)
		sum->ready = true; /* what ended between two of our looks had run */
	else if (extent != TREE_WHOLE)
		sum->incomplete = true;
}

/* If the pid is not a launcher's, the launcher has just ended, or is in another PID namespace: nothing is known of it. */
static void add_holder(pid_t pid, bool is_tool, void *state)
{
	struct sum *sum = state;

	if (is_tool || is_launcher_process(pid))
		add_tree(pid, sum);
	else
		sum->incomplete = true;
}

static void add_suspect(pid_t pid, void *state)
{
	add_tree(pid, state);
}

/* Several builds may share the pool of a server. */
static bool is_shared(const struct work *work)
{
	return work->outermost < 0 || (work->record->ledger->owner == 0 && ledger_slots(work->record->ledger) >= 0);
}

/* Whether other users may use the pool without a ledger that we can read: their launchers are hidden from us. */
static bool is_others(const struct work *work)
{
	struct stat status;

	return work->record->ledger->fd < 0 && fstat(work->jobserver->write_fd, &status) == 0 &&
	       (status.st_uid != geteuid() || (status.st_mode & 066) != 0);
}

bool work_measure(struct work *work, struct work_done *done)
{
	struct sum sum = { .ledger = work->record->ledger, .incomplete = is_others(work) };

	if (work->outermost == 0)
		work->outermost = outermost_client(work);
	if (work->outermost > 0)
		add_tree(work->outermost, &sum);
	if (!records_each_holder(work->record->ledger, work->record->index, add_holder, &sum))
		sum.incomplete = true;
	if (is_shared(work) && !census_each_suspect(work->jobserver, work->record->ledger, add_suspect, &sum))
		sum.incomplete = true;
	*done = (struct work_done){ .ticks = sum.ticks, .ran_ns = sum.ran_ns, .ready_ns = sum.ready_ns, .ready = sum.ready };
	done->whole_machine = sum.incomplete;
	return !sum.incomplete || measure_machine(&done->ticks);
}
