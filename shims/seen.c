#include "seen.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "contract.h"
#include "process.h"
#include "toolfile.h"

enum { RUNS_MAX = 1024, SLOWEST = 5, COMMAND_BYTES = 16384, WORDS_MAX = 1024, FILE_BYTES = 256 };

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

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Whether the path ends in the name that the kernel keeps, which cuts it. */
static bool is_called(const char *path, const char *comm)
{
	return strncmp(base_name(path), comm, sizeof((struct process *)NULL)->comm - 1) == 0;
}

/* What its command line tells. */
static void describe(struct seen *seen, const struct process *process, const char *shim_dir)
{
	static char text[COMMAND_BYTES + 1];
	char *words[WORDS_MAX + 1], **own = words, path[32];
	struct tool_settings settings;
	size_t count = 0;
	ssize_t length;

	snprintf(seen->tool, sizeof seen->tool, "%s", process->comm);
	seen->file[0] = '\0';
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
	length = read_whole_file_at(AT_FDCWD, path, text, COMMAND_BYTES);
	if (length <= 0)
		return;
	text[length] = '\0';
	for (char *at = text; at < text + length && count < WORDS_MAX; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = NULL;
	/* Before a script stand its interpreter and what that is given. */
	while (count > 1 && !is_called(own[0], process->comm) && own[1] != NULL)
		own++;
	if (own[0] == NULL || !is_called(own[0], process->comm))
		own = words;
	snprintf(seen->tool, sizeof seen->tool, "%s", own[0] == NULL ? process->comm : base_name(own[0]));
	tool_settings_read(&settings, shim_dir, seen->tool);
	snprintf(seen->file, sizeof seen->file, "%s", arguments_file(arguments_kind(settings.family, own), own));
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

bool seen_note(const struct process *process, const char *shim_dir)
{
	struct seen *free_one = NULL;

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
	describe(free_one, process, shim_dir);
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
