#include "process.h"

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

#include "arena.h"
#include "shimfile.h"

/* The kernel's answer to getdents64, which libcs without largefile variants don't declare. */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

int dup_high(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

int open_high_at(int directory, const char *path, int flags)
{
	int fd, high;

	/* musl's open() follows O_CLOEXEC up with an fcntl, for kernels that don't know the flag. */
	do
		fd = (int)syscall(SYS_openat, directory, path, flags | O_CLOEXEC | O_LARGEFILE, 0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	high = dup_high(fd);
	close(fd);
	return high;
}

int open_high(const char *path, int flags)
{
	return open_high_at(AT_FDCWD, path, flags);
}

bool pipe_high(int ends[2])
{
	bool whole = pipe2(ends, O_CLOEXEC) == 0;

	if (!whole)
		return false;
	for (int i = 0; i < 2; i++) {
		const int low = ends[i];

		if (low > STDERR_FILENO)
			continue;
		ends[i] = dup_high(low);
		whole = whole && ends[i] >= 0;
		close(low);
	}
	for (int i = 0; i < 2; i++)
		if (!whole && ends[i] >= 0)
			close(ends[i]);
	return whole;
}

bool stat_path(const char *path, struct stat *status)
{
	int result;

	do
		result = stat(path, status);
	while (result < 0 && errno == EINTR);
	return result == 0;
}

/* What a variable or a shim dir names may be a FIFO, or a terminal: nobody waits for it. */
static int open_to_read(int directory, const char *path)
{
	return open_high_at(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

/* Once: short files come whole, those of /proc too. */
static ssize_t read_once(int fd, char *buffer, size_t size)
{
	ssize_t length;

	do
		length = read(fd, buffer, size - 1);
	while (length < 0 && errno == EINTR);
	buffer[length < 0 ? 0 : length] = '\0';
	return length;
}

static ssize_t read_small_file_at(int directory, const char *path, char *buffer, size_t size)
{
	ssize_t length;
	int fd = open_to_read(directory, path);

	if (fd < 0)
		return -1;
	length = read_once(fd, buffer, size);
	close(fd);
	return length;
}

ssize_t read_plain_file(const char *path, char *buffer, size_t size, struct stat *status)
{
	ssize_t length = -1;
	int fd = open_to_read(AT_FDCWD, path);

	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0) {
		errno = EINVAL;
		if (S_ISREG(status->st_mode))
			length = read_once(fd, buffer, size);
	}
	close(fd);
	return length;
}

ssize_t read_whole_file_at(int directory, const char *path, char *buffer, size_t size)
{
	size_t used = 0;
	int fd = open_to_read(directory, path);

	if (fd < 0)
		return -1;
	while (used < size) {
		ssize_t length = read(fd, buffer + used, size - used);

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		used += (size_t)length;
	}
	close(fd);
	return (ssize_t)used;
}

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

ssize_t read_small_file(const char *path, char *buffer, size_t size)
{
	return read_small_file_at(AT_FDCWD, path, buffer, size);
}

enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD, in the flags of proc_pid_stat(5) */

bool process_read(pid_t pid, struct process *process)
{
	char path[32], text[1024];
	char *open_paren, *close_paren, *field;
	size_t length;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_small_file(path, text, sizeof text) < 0)
		return false;
	/* The name may hold spaces and parentheses: the last ')' ends it (proc(5)). */
	open_paren = strchr(text, '(');
	close_paren = strrchr(text, ')');
	if (open_paren == NULL || close_paren == NULL || close_paren < open_paren)
		return false;
	length = (size_t)(close_paren - open_paren - 1);
	if (length >= sizeof process->comm)
		length = sizeof process->comm - 1;
	memcpy(process->comm, open_paren + 1, length);
	process->comm[length] = '\0';
	process->pid = pid;
	field = close_paren + 1;
	for (int number = 3; number <= 26; number++) {
		field = strchr(field, ' ');
		if (field == NULL)
			return false;
		field++;
		if (number == 3) {
			process->ready = *field == 'R';
			process->zombie = *field == 'Z' || *field == 'X';
		} else if (number == 4)
			process->parent = (pid_t)strtol(field, NULL, 10);
		else if (number == 6)
			process->session = (pid_t)strtol(field, NULL, 10);
		else if (number == 9)
			process->kernel = (strtoul(field, NULL, 10) & KERNEL_THREAD) != 0;
		else if (number == 14)
			process->cpu = strtoull(field, NULL, 10);
		else if (number == 15)
			process->cpu += strtoull(field, NULL, 10);
		else if (number == 16)
			process->reaped = strtoull(field, NULL, 10);
		else if (number == 17)
			process->reaped += strtoull(field, NULL, 10);
		else if (number == 20)
			process->threads = strtol(field, NULL, 10);
		else if (number == 22)
			process->start = strtoull(field, NULL, 10);
		else if (number == 24)
			process->pages = strtoull(field, NULL, 10);
	}
	process->becomes = strtoull(field, NULL, 10) == 0;
	process->zombie = process->zombie && process->threads <= 1; /* a thread may outlive the first one */
	return true;
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

bool process_each_number(const char *path, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	_Alignas(struct directory_entry) char buffer[2048];
	bool found = false;
	int directory = open_high(path, O_RDONLY | O_DIRECTORY);

	if (directory < 0)
		return false;
	while (!found) {
		long length = syscall(SYS_getdents64, directory, buffer, sizeof buffer);

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		for (long at = 0; at < length && !found;) {
			const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);

			if (entry->name[0] >= '0' && entry->name[0] <= '9')
				found = visit(directory, entry->name, state);
			at += entry->length;
		}
	}
	close(directory);
	return found;
}

bool process_each_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	return process_each_number(path, visit, state);
}

bool process_each(bool (*visit)(int proc, const char *pid, void *state), void *state)
{
	return process_each_number("/proc", visit, state);
}

bool process_stat_fd(pid_t pid, int fd, struct stat *status)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	return stat(path, status) == 0;
}

static bool read_fdinfo(int directory, const char *name, char *text, size_t size)
{
	char path[48];

	return snprintf(path, sizeof path, "../fdinfo/%s", name) < (int)sizeof path &&
	       read_small_file_at(directory, path, text, size) >= 0;
}

bool process_fd_cloexec(int directory, const char *name)
{
	char text[256];
	const char *flags;

	if (!read_fdinfo(directory, name, text, sizeof text))
		return false;
	flags = strstr(text, "flags:");
	return flags != NULL && (strtoul(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC) != 0;
}

bool process_fd_locks(int directory, const char *name)
{
	char text[512];

	return read_fdinfo(directory, name, text, sizeof text) && strstr(text, "\nlock:") != NULL;
}

bool inherited_fd(int fd, struct stat *status)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && (flags & FD_CLOEXEC) == 0 && fstat(fd, status) == 0;
}
