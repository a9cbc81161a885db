#include "proc/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/shimfile.h"

char *process_words(pid_t pid, const char *name, char **words)
{
	char path[32];
	size_t room;
	ssize_t length;

	*words = arena_room(&room);
	text_put(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	length = read_small_file(path, *words, room); /* the kernel gives all at once */
	if (length <= 0)
		return NULL;
	return *words + length;
}

enum { KERNEL_THREAD = 0x00200000, NOTHING_EXECUTED = 0x40 }; /* PF_KTHREAD, PF_FORKNOEXEC, in the flags of proc_pid_stat(5) */

enum {
	NAME_MAX_BYTES = 128, /* more than the kernel prints of a name: 64 bytes of its own threads', 15 of others', escaped (fs/proc/array.c) */
	FIRST_FIELD = 4,      /* of those that are numbers, as proc_pid_stat(5) counts them */
	LAST_FIELD = 26,
	ARGUMENTS = 48, /* where they begin, and end, and the same of the environment */
	WORDS_END = 51,
};

/* Reads the fields that are numbers, each behind a blank, into numbers[FIRST_FIELD] to [last]. False if one is missing. */
static bool read_numbers(const char *at, uint64_t numbers[], int last)
{
	for (int field = FIRST_FIELD; field <= last; field++) {
		uint64_t number = 0;
		bool negative;

		if (*at++ != ' ')
			return false;
		negative = *at == '-';
		for (at += negative; *at >= '0' && *at <= '9'; at++)
			number = number * 10 + (uint64_t)(*at - '0');
		numbers[field] = negative ? -number : number;
	}
	return true;
}

static void read_words(const char *text, struct process_words_at *words)
{
	uint64_t numbers[WORDS_END + 1];
	const uint64_t *at = numbers + ARGUMENTS;

	*words = (struct process_words_at){ .arguments = 0 };
	if (read_numbers(text, numbers, WORDS_END) && at[0] != 0 && at[0] <= at[1] && at[1] == at[2] && at[2] <= at[3])
		*words = (struct process_words_at){ .arguments = at[0], .environment = at[2], .end = at[3] };
}

/* Fills process from what stands behind its name: " S 1 2 ...". False if a field is missing. */
static bool read_fields(const char *text, struct process *process, struct process_words_at *words)
{
	uint64_t numbers[LAST_FIELD + 1];
	const char state = text[0] == ' ' ? text[1] : '\0';

	if (state == '\0' || !read_numbers(text + 2, numbers, LAST_FIELD))
		return false;
	if (words != NULL)
		read_words(text + 2, words);
	process->parent = (pid_t)numbers[4];
	process->session = (pid_t)numbers[6];
	process->kernel = (numbers[9] & KERNEL_THREAD) != 0;
	process->begins_nothing = (numbers[9] & NOTHING_EXECUTED) != 0;
	process->cpu = numbers[14] + numbers[15];
	process->reaped = numbers[16] + numbers[17];
	process->threads = (long)numbers[20];
	process->start = numbers[22];
	process->pages = numbers[24];
	process->becomes = numbers[26] == 0;
	process->ready = state == 'R';
	process->stopped = state == 'T';
	process->zombie = (state == 'Z' || state == 'X') && process->threads <= 1; /* a thread may outlive the first one */
	return true;
}

/* What was read while it was to be kept. */
static struct {
	bool on;
	unsigned count;
	struct process of[32];
} kept;

void process_keep(bool keep)
{
	kept.on = keep;
	kept.count = 0;
}

static const struct process *find_kept(pid_t pid)
{
	for (unsigned i = 0; i < kept.count; i++)
		if (kept.of[i].pid == pid)
			return &kept.of[i];
	return NULL;
}

void process_known(const struct process *process)
{
	if (kept.on && kept.count < sizeof kept.of / sizeof kept.of[0])
		kept.of[kept.count++] = *process;
}

/* A launcher reads this file of each ancestor: one pass, and no printf, which took longer than the kernel. */
static bool read_stat(pid_t pid, struct process *process, struct process_words_at *words)
{
	static const char directory[] = "/proc/", file[] = "/stat";
	char path[sizeof directory + NUMBER_DIGITS_MAX + sizeof file], text[1024], *behind;
	const char *name, *name_end;
	size_t length;

	behind = number_put(stpcpy(path, directory), (uint64_t)pid);
	memcpy(behind, file, sizeof file);
	if (pid < 0 || read_small_file(path, text, sizeof text) < 0)
		return false;
	name = strchr(text, '(');
	/* The name may hold spaces and parentheses: the last ')' ends it (proc(5)). */
	name_end = name == NULL ? NULL : memrchr(name, ')', strnlen(name, NAME_MAX_BYTES));
	if (name_end == NULL)
		return false;
	length = (size_t)(name_end - name - 1);
	if (length >= sizeof process->comm)
		length = sizeof process->comm - 1;
	memcpy(process->comm, name + 1, length);
	process->comm[length] = '\0';
	process->pid = pid;
	return read_fields(name_end + 1, process, words);
}

bool process_read(pid_t pid, struct process *process)
{
	const struct process *known = find_kept(pid);

	if (known != NULL)
		*process = *known;
	else if (!read_stat(pid, process, NULL))
		return false;
	else
		process_known(process);
	return true;
}

bool process_read_all(pid_t pid, struct process *process, struct process_words_at *words)
{
	return read_stat(pid, process, words);
}

pid_t process_self_number(void)
{
	static pid_t number, of; /* a child is another process */
	const pid_t self = getpid();
	char text[16];
	ssize_t length;

	if (of != self) {
		length = readlink("/proc/self", text, sizeof text - 1);
		text[length < 0 ? 0 : length] = '\0';
		number = (pid_t)number_first(text);
		of = self;
	}
	return number;
}

bool process_numbers_agree(void)
{
	return process_self_number() == getpid();
}

bool process_self(struct process *self)
{
	const pid_t number = process_self_number();

	if (number != getpid())
		return number > 0 && process_read(number, self);
	self->pid = number;
	self->parent = getppid();
	return true;
}

int process_open(pid_t pid)
{
#if defined SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}

const char *process_path(pid_t pid)
{
	char path[32];

	text_put(path, sizeof path, "/proc/%d/exe", (int)pid);
	return link_target(AT_FDCWD, path);
}

void process_program(pid_t pid, char *name, size_t size)
{
	const char *path = process_path(pid), *base = path == NULL ? NULL : strrchr(path, '/');

	name[0] = '\0';
	if (path == NULL)
		return;
	base = is_launcher(path) ? "launcher" : base == NULL ? path : base + 1;
	if (strlen(base) < size)
		strcpy(name, base);
}

struct numbers {
	bool (*visit)(int directory, const char *name, void *state);
	void *state;
};

static bool visit_number(int directory, const char *name, void *state)
{
	const struct numbers *numbers = state;

	return name[0] >= '0' && name[0] <= '9' && numbers->visit(directory, name, numbers->state);
}

bool process_each_number(const char *path, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	struct numbers numbers = { visit, state };
	const int directory = open_high(path, O_RDONLY | O_DIRECTORY);
	bool found;

	if (directory < 0)
		return false;
	found = directory_each(directory, visit_number, &numbers);
	close(directory);
	return found;
}

bool process_each(bool (*visit)(int proc, const char *pid, void *state), void *state)
{
	return process_each_number("/proc", visit, state);
}
