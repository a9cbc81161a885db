#include "look/toolruns.h"

#include <string.h>
#include <time.h>

#include "tool/command.h"
#include "proc/process.h"
#include "ground/clock.h"
#include "ground/text.h"

enum { RUNS_MAX = 1024, SLOWEST = 5 };

static struct tool_run runs[RUNS_MAX], slowest[SLOWEST];

uint64_t toolruns_age_ms(const struct process *process)
{
	struct timespec now;
	uint64_t ms, started = process->start * 1000 / TICKS_PER_SECOND;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return ms > started ? ms - started : 0;
}

uint64_t toolruns_since_ms(uint64_t moment_ns)
{
	const uint64_t now = monotonic_ns();

	return now > moment_ns ? (now - moment_ns) / 1000000 : 0;
}

void toolruns_begin(void)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		runs[i].now = false;
}

/* Whether it is a run of a tool, as far as is known. */
static bool is_run(const struct tool_run *run)
{
	return run->pid != 0 && (run->kind == NULL || run->verdict == SUSPECTED || run->verdict == TOOK_NO_SLOT);
}

/* Keeps it if it is one of the slowest. */
static void keep(struct tool_run table[SLOWEST], const struct tool_run *run)
{
	for (size_t i = 0; i < SLOWEST; i++) {
		if (run->ms <= table[i].ms)
			continue;
		memmove(table + i + 1, table + i, (SLOWEST - 1 - i) * sizeof *table);
		table[i] = *run;
		return;
	}
}

/* In the midst of an execve nothing tells which program a process is: it gets another look. */
static bool is_missed_once(struct tool_run *run)
{
	struct process process;

	if (run->was_missed || !process_read(run->pid, &process) || process.zombie || process.start != run->start)
		return false;
	run->was_missed = true;
	return true;
}

static void end_run(struct tool_run *run, void (*ended)(struct tool_run *run, void *state), void *state)
{
	ended(run, state);
	if (is_run(run))
		keep(slowest, run);
	run->pid = 0;
}

void toolruns_end(void (*ended)(struct tool_run *run, void *state), void *state)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid != 0 && !runs[i].now && !is_missed_once(&runs[i]))
			end_run(&runs[i], ended, state);
}

void toolruns_close(void (*ended)(struct tool_run *run, void *state), void *state)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid != 0)
			end_run(&runs[i], ended, state);
}

struct tool_run *toolruns_find(const struct process *process)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid == process->pid && runs[i].start == process->start)
			return &runs[i];
	return NULL;
}

static struct tool_run *find_free(void)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (runs[i].pid == 0)
			return &runs[i];
	return NULL;
}

struct tool_run *toolruns_note(const struct process *process, const char *shim_dir, bool *is_new)
{
	struct tool_run *run = toolruns_find(process);
	struct command command;

	*is_new = run == NULL;
	if (run == NULL && (run = find_free()) == NULL)
		return NULL;
	if (*is_new) {
		*run = (struct tool_run){ .pid = process->pid, .start = process->start };
		command_read(&command, process, NULL, shim_dir);
		text_put(run->tool, sizeof run->tool, "%s", command.tool);
		text_put(run->file, sizeof run->file, "%s", command.file);
	}
	run->ms = toolruns_age_ms(process);
	run->now = true;
	run->was_missed = false;
	return run;
}

void toolruns_print(FILE *out)
{
	static struct tool_run table[SLOWEST];

	memcpy(table, slowest, sizeof table);
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (is_run(&runs[i]))
			keep(table, &runs[i]);
	for (size_t i = 0; i < SLOWEST && table[i].ms > 0; i++)
		fprintf(out, "%s%c%s%c%llu%c", table[i].tool, 0, table[i].file, 0, (unsigned long long)table[i].ms, 0);
}
