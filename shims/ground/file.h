/* Files, directories and descriptors: opened, read and written whatever signals come. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* open() with O_CLOEXEC and EINTR looped, never on 0, 1 or 2, which may be closed and are the tool's; of a file that is
 * made its mode is 0600. -1 on error. */
int open_high(const char *path, int flags);
int open_high_at(int directory, const char *path, int flags);

/* A duplicate with the same properties. -1 on error. */
int dup_high(int fd);

/* Opens a pipe of two such descriptors. False, with errno, if that fails. */
bool pipe_high(int ends[2]);

/* stat() with EINTR looped: it comes from FUSE and network file systems. */
bool stat_path(const char *path, struct stat *status);

/* Whether descriptor fd is one that this process was started with: its own are all close-on-exec. Fills status if so. */
bool inherited_fd(int fd, struct stat *status);

/* Reads at most size - 1 bytes of a small file and ends them with a NUL. The length, or -1. */
ssize_t read_small_file(const char *path, char *buffer, size_t size);
ssize_t read_small_file_at(int directory, const char *path, char *buffer, size_t size);

/* The same of a regular file, and what it is; of anything else -1, with EINVAL. A FIFO's text would be gone for other readers. */
ssize_t read_plain_file(const char *path, char *buffer, size_t size, struct stat *status);

/* Reads a file of a directory until it ends or size bytes are read; how many, or -1. */
ssize_t read_whole_file_at(int directory, const char *path, char *buffer, size_t size);

/* Writes all of it. False, with errno, if that fails; a part may be written then. */
bool write_whole(int fd, const void *bytes, size_t size);

/* Calls visit for each name in an open directory but . and .., until it returns true. True if one did. The names come once. */
bool directory_each(int directory, bool (*visit)(int directory, const char *name, void *state), void *state);

/* What stands behind the last slash of a path; all of it if it has none. */
const char *base_name(const char *path);

#endif
