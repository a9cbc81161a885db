#include "proc/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "proc/shimfile.h"

char *process_words(pid_t pid, const char *name, char **words)
{
	char path[32];
	size_t room;
	ssize_t length;

	*words = arena_room(&room);
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	length = read_whole_file_at(AT_FDCWD, path, *words, room - 1);
	if (length <= 0)
		return NULL;
	(*words)[length] = '\0';
	return *words + length;
}

enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD, in the flags of proc_pid_stat(5) */

enum {
	NAME_MAX_BYTES = 128, /* more than the kernel prints of a name: 64 bytes of its own threads', 15 of others', escaped (fs/proc/array.c) */
	FIRST_FIELD = 4,      /* of those that are numbers, as proc_pid_stat(5) counts them */
	LAST_FIELD = 26,
};

/* Reads the fields that are numbers, each behind a blank, into numbers[FIRST_FIELD] to [LAST_FIELD]. False if one is missing. */
static bool read_numbers(const char *at, uint64_t numbers[])
{
	for (int field = FIRST_FIELD; field <= LAST_FIELD; field++) {
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

/* Fills process from what stands behind its name: " S 1 2 ...". False if a field is missing. */
static bool read_fields(const char *text, struct process *process)
{
	uint64_t numbers[LAST_FIELD + 1];
	const char state = text[0] == ' ' ? text[1] : '\0';

	if (state == '\0' || !read_numbers(text + 2, numbers))
		return false;
	process->parent = (pid_t)numbers[4];
	process->session = (pid_t)numbers[6];
	process->kernel = (numbers[9] & KERNEL_THREAD) != 0;
	process->cpu = numbers[14] + numbers[15];
	process->reaped = numbers[16] + numbers[17];
	process->threads = (long)numbers[20];
	process->start = numbers[22];
	process->pages = numbers[24];
	process->becomes = numbers[26] == 0;
	process->ready = state == 'R';
	process->zombie = (state == 'Z' || state == 'X') && process->threads <= 1; /* a thread may outlive the first one */
	return true;
}

/* A launcher reads this file of each ancestor: one pass, and no printf, which took longer than the kernel. */
bool process_read(pid_t pid, struct process *process)
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
	return read_fields(name_end + 1, process);
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
		number = (pid_t)strtol(text, NULL, 10);
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
	static const char deleted[] = " (deleted)";
	char path[32], *target;
	ssize_t length;
	size_t room;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	target = arena_room(&room);
	length = room < PATH_MAX ? -1 : readlink(path, target, PATH_MAX - 1);
	if (length < 0)
		return NULL;
	target[length] = '\0';
	if ((size_t)length > sizeof deleted && strcmp(target + length - (sizeof deleted - 1), deleted) == 0)
		target[(size_t)length - (sizeof deleted - 1)] = '\0';
	return target;
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
