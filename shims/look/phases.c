#include "look/phases.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "journal/journal.h"
#include "look/cmdline.h"
#include "look/toolruns.h"
#include "proc/process.h"
#include "ground/clock.h"
#include "ground/text.h"

enum {
	RUNNING_MAX = 256,
	KEPT_MAX = 96,
	DEPTH_MAX = 12,
	LEAST_MS = 300, /* less is within what a look may be late */
};

struct phase {
	pid_t pid; /* 0: none */
	uint64_t start;
	char comm[sizeof((struct process *)NULL)->comm]; /* another one: it became another program */
	unsigned depth;
	bool now, is_left_out;
	uint64_t began_us, seen_ns, ms;
	char directory[256];
	char command[256];
};

static struct phase running[RUNNING_MAX], kept[KEPT_MAX];
static size_t kept_count;

void phases_begin(void)
{
	for (size_t i = 0; i < RUNNING_MAX; i++)
		running[i].now = false;
}

/* Puts its command line in one text. */
static void read_command(struct phase *phase)
{
	char *words, *end = process_words(phase->pid, "cmdline", &words);
	size_t length;

	if (end == NULL || end == words) {
		text_put(phase->command, sizeof phase->command, "%s", phase->comm);
		return;
	}
	length = (size_t)(end - words) < sizeof phase->command ? (size_t)(end - words) : sizeof phase->command - 1;
	memcpy(phase->command, words, length);
	for (size_t i = 0; i < length; i++)
		if (phase->command[i] == '\0')
			phase->command[i] = ' ';
	while (length > 0 && phase->command[length - 1] == ' ')
		length--;
	phase->command[length] = '\0';
}

/* Whether its second word is an option with a c: of a shell, that the script is the word behind it. */
static bool has_script_word(const char *command)
{
	const char *option = strchr(command, ' ');

	return option != NULL && option[1] == '-' && option[2] != '-' && strchr(option + 1, 'c') != NULL &&
	       strcspn(option + 1, " ") > strcspn(option + 1, "c");
}

static struct phase *find(const struct process *process)
{
	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (running[i].pid == process->pid && running[i].start == process->start &&
		    strcmp(running[i].comm, process->comm) == 0)
			return &running[i];
	return NULL;
}

static struct phase *find_free(void)
{
	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (running[i].pid == 0)
			return &running[i];
	return NULL;
}

/* Whether the process was noted as another program, which it was until now. */
static bool was_another(const struct process *process)
{
	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (running[i].pid == process->pid && running[i].start == process->start)
			return true;
	return false;
}

static void begin_phase(struct phase *phase, const struct process *process, unsigned depth)
{
	const uint64_t age_ms = was_another(process) ? 0 : toolruns_age_ms(process);

	*phase = (struct phase){ .pid = process->pid, .start = process->start, .depth = depth };
	text_put(phase->comm, sizeof phase->comm, "%s", process->comm);
	phase->began_us = realtime_us() - age_ms * 1000;
	phase->seen_ns = monotonic_ns() - age_ms * 1000000;
	read_command(phase);
	cmdline_directory(phase->pid, phase->directory, sizeof phase->directory);
	phase->is_left_out = cmdline_is_shell(phase->comm) && has_script_word(phase->command);
}

/* Whether the process is the command as it was called, which is no part of itself. */
static bool is_command(const struct process *process, unsigned depth)
{
	static char called[sizeof process->comm];

	if (depth > 0)
		return false;
	if (called[0] == '\0')
		text_put(called, sizeof called, "%s", process->comm);
	return strcmp(called, process->comm) == 0;
}

void phases_note(const struct process *process, unsigned depth)
{
	struct phase *phase;

	/* Forked, and nothing else yet: a part of its parent. */
	if (depth > DEPTH_MAX || process->becomes || is_command(process, depth) || (depth > 0 && process->begins_nothing))
		return;
	phase = find(process);
	if (phase == NULL) {
		phase = find_free();
		if (phase == NULL)
			return;
		begin_phase(phase, process, depth);
	}
	phase->now = true;
}

/* Where the next one is kept: in a free place, or that of the shortest. NULL: it is shorter than all. */
static struct phase *place_for(uint64_t ms)
{
	struct phase *shortest = kept;

	if (kept_count < KEPT_MAX)
		return &kept[kept_count++];
	for (size_t i = 1; i < KEPT_MAX; i++)
		if (kept[i].ms < shortest->ms)
			shortest = &kept[i];
	return ms > shortest->ms ? shortest : NULL;
}

static bool is_told(struct phase *phase)
{
	if (phase->pid == 0 || phase->is_left_out)
		return false;
	phase->ms = toolruns_since_ms(phase->seen_ns);
	return phase->ms >= LEAST_MS;
}

void phases_end(void)
{
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		struct phase *phase = &running[i], *place;

		if (phase->now || phase->pid == 0)
			continue;
		place = is_told(phase) ? place_for(phase->ms) : NULL;
		if (place != NULL)
			*place = *phase;
		phase->pid = 0;
	}
}

static void print_phase(const struct phase *phase, FILE *out)
{
	fprintf(out, "%u%c%llu%c%llu%c%s%c%s%c", phase->depth, 0, (unsigned long long)(phase->began_us / 1000), 0,
	        (unsigned long long)phase->ms, 0, phase->directory, 0, phase->command, 0);
}

void phases_print(FILE *out)
{
	size_t count = kept_count;

	for (size_t i = 0; i < RUNNING_MAX; i++)
		count += is_told(&running[i]);
	fprintf(out, "%llu%c", (unsigned long long)count, 0);
	for (size_t i = 0; i < kept_count; i++)
		print_phase(&kept[i], out);
	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (running[i].pid != 0 && !running[i].is_left_out && running[i].ms >= LEAST_MS)
			print_phase(&running[i], out);
}
