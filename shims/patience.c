#include "patience.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "ledger.h"
#include "process.h"

static const uint64_t SECOND = 1000000000u;

/* The outermost client on our chain: all that can hold a slot we wait for is below it. -1 where there is none. */
static pid_t outermost_client(const struct jobserver *jobserver, const struct ledger *ledger)
{
	struct process process = { .parent = getppid() };
	pid_t outermost = -1;

	while (process.parent > 0 && process_read(process.parent, &process))
		if (ledger_owned_by(ledger, &process) || client_of(&process, jobserver))
			outermost = process.pid;
	return outermost;
}

/* CPU time spent on the whole machine since boot, in clock ticks: the first line of /proc/stat without idle, iowait. */
static bool machine_cpu(uint64_t *ticks)
{
	enum { IDLE = 3, IOWAIT = 4, FIELDS = 8 };
	char text[512];
	char *at = text + strlen("cpu ");

	if (read_small_file("/proc/stat", text, sizeof text) < 0 || strncmp(text, "cpu ", strlen("cpu ")) != 0)
		return false;
	*ticks = 0;
	for (int field = 0; field < FIELDS; field++) {
		uint64_t value = strtoull(at, &at, 10);

		if (field != IDLE && field != IOWAIT)
			*ticks += value;
	}
	return true;
}

static void sample(struct patience *patience, uint64_t now)
{
	struct process_tree tree = { .ticks = 0 };
	uint64_t ticks, tick_ns = SECOND / (uint64_t)sysconf(_SC_CLK_TCK), elapsed = now - patience->sampled_ns;
	bool below_root = patience->root > 0 && process_tree(patience->root, &tree);

	ticks = tree.ticks;
	if (!below_root) {
		patience->root = -1;
		if (!machine_cpu(&ticks))
			return;
	}
	/* Work is more than a twentieth of a core, for the whole machine half a core; or a process that ended. */
	if (patience->sampled_ns == 0 || ticks < patience->ticks ||
	    (ticks - patience->ticks) * tick_ns * (below_root ? 20 : 2) > elapsed)
		patience->idle_since_ns = now;
	patience->sampled_ns = now;
	patience->ticks = ticks;
}

bool patience_is_out(struct patience *patience, const struct jobserver *jobserver, const struct ledger *ledger)
{
	uint64_t limit = (uint64_t)(patience->seconds * (double)SECOND);
	uint64_t idle_needed = limit < SECOND ? limit : SECOND;
	uint64_t now = monotonic_ns(), progress = ledger_progress(ledger);
	uint64_t since = progress > patience->arrived_ns ? progress : patience->arrived_ns;

	/* Nothing is looked at before the last second: a wait is mostly just a wait. */
	if (patience->seconds <= 0 || now - since + idle_needed < limit)
		return false;
	if (patience->root == 0)
		patience->root = outermost_client(jobserver, ledger);
	if (now - patience->sampled_ns >= SECOND / 5)
		sample(patience, now);
	return now - since >= limit && now - patience->idle_since_ns >= idle_needed;
}
