#include "seen.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "process.h"

enum { RUNS_MAX = 1024, SLOWEST = 5, FILE_BYTES = 256 };

struct seen {
	uint64_t start;
	uint64_t ms; /* it has run so long */
	pid_t pid;   /* 0: none */
	bool now;
	char tool[32];
	char file[FILE_BYTES];
};

static struct seen runs[RUNS_MAX], slowest[SLOWEST];

uint64_t seen_age_ms(const struct process *process)
{
	const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec now;
	uint64_t ms, started = process->start * 1000 / ticks;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return ms > started ? ms - started : 0;
}

void seen_begin(void)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		runs[i].now = false;
}

/* Keeps it if it is one of the slowest. */
static void keep(struct seen table[SLOWEST], const struct seen *seen)
{
	for (size_t i = 0; i < SLOWEST; i++) {
		if (seen->ms <= table[i].ms)
			continue;
		memmove(table + i + 1, table + i, (SLOWEST - 1 - i) * sizeof *table);
		table[i] = *seen;
		return;
	}
}

void seen_end(void)
{
	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (runs[i].pid == 0 || runs[i].now)
			continue;
		keep(slowest, &runs[i]);
		runs[i].pid = 0;
	}
}

bool seen_before(const struct process *process)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid == process->pid && runs[i].start == process->start)
			return true;
	return false;
}

bool seen_note(const struct process *process, const char *shim_dir)
{
	struct seen *free_one = NULL;
	struct command command;

	for (size_t i = 0; i < RUNS_MAX; i++) {
		if (runs[i].pid == process->pid && runs[i].start == process->start) {
			runs[i].ms = seen_age_ms(process);
			runs[i].now = true;
			return false;
		}
		if (runs[i].pid == 0 && free_one == NULL)
			free_one = &runs[i];
	}
	if (free_one == NULL)
		return true;
	*free_one = (struct seen){ .pid = process->pid, .start = process->start, .ms = seen_age_ms(process), .now = true };
	command_read(&command, process, shim_dir);
	snprintf(free_one->tool, sizeof free_one->tool, "%s", command.tool);
	snprintf(free_one->file, sizeof free_one->file, "%s", command.file);
	return true;
}

void seen_print(FILE *out)
{
	static struct seen table[SLOWEST];

	memcpy(table, slowest, sizeof table);
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid != 0)
			keep(table, &runs[i]);
	for (size_t i = 0; i < SLOWEST && table[i].ms > 0; i++)
		fprintf(out, "%s%c%s%c%llu%c", table[i].tool, 0, table[i].file, 0, (unsigned long long)table[i].ms, 0);
}
