#include "ground/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground/retry.h"

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
	fd = RETRY((int)syscall(SYS_openat, directory, path, flags | O_CLOEXEC | O_LARGEFILE, 0600));
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

	result = RETRY(stat(path, status));
	return result == 0;
}

/* What a variable or a shim dir names may be a FIFO, or a terminal: no launcher waits for it. */
static int open_to_read(int directory, const char *path)
{
	return open_high_at(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

/* Once: short files come whole, those of /proc too. */
static ssize_t read_once(int fd, char *buffer, size_t size)
{
	ssize_t length;

	length = RETRY(read(fd, buffer, size - 1));
	buffer[length < 0 ? 0 : length] = '\0';
	return length;
}

ssize_t read_small_file_at(int directory, const char *path, char *buffer, size_t size)
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
		ssize_t length = RETRY(read(fd, buffer + used, size - used));

		if (length <= 0)
			break;
		used += (size_t)length;
	}
	close(fd);
	return (ssize_t)used;
}

ssize_t read_small_file(const char *path, char *buffer, size_t size)
{
	return read_small_file_at(AT_FDCWD, path, buffer, size);
}

bool write_whole(int fd, const void *bytes, size_t size)
{
	for (const char *at = bytes; size > 0;) {
		const ssize_t written = RETRY(write(fd, at, size));

		if (written <= 0)
			return false;
		at += written;
		size -= (size_t)written;
	}
	return true;
}

bool directory_each(int directory, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	_Alignas(struct directory_entry) char buffer[2048];
	bool found = false;

	while (!found) {
		const long length = RETRY(syscall(SYS_getdents64, directory, buffer, sizeof buffer));

		if (length <= 0)
			break;
		for (long at = 0; at < length && !found;) {
			const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);

			if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
				found = visit(directory, entry->name, state);
			at += entry->length;
		}
	}
	return found;
}

bool inherited_fd(int fd, struct stat *status)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && (flags & FD_CLOEXEC) == 0 && fstat(fd, status) == 0;
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}
