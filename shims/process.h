/* What /proc tells about a process, and the descriptors it has open. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	pid_t parent;
	pid_t session;
	uint64_t start; /* clock ticks since boot: with pid, a name that is not reused */
	uint64_t cpu;   /* user and system time so far, clock ticks */
	uint64_t reaped; /* that of its children that ended and were waited for */
	uint64_t pages; /* resident */
	long threads;
	bool ready;     /* its first thread runs, or could if it had a processor */
	bool zombie;    /* it has ended, and no thread of it lives */
	bool kernel;    /* a thread of the kernel's */
	bool becomes;   /* it is in the midst of an execve: the kernel tells where the program's code lies once all else is there */
	char comm[16];
};

/* Fills process from /proc/PID/stat. False where there is no such process or no /proc. */
bool process_read(pid_t pid, struct process *process);

/* Our own number as /proc has it, which may count the processes of another PID namespace; 0 where it does not show us. */
pid_t process_self_number(void);

/* Whether a number of ours, as getpid() has them, means the same process in /proc. */
bool process_numbers_agree(void);

/* Fills pid and parent of ourselves, as /proc has them: a walk up our ancestors starts here. False where it does not show us. */
bool process_self(struct process *self);

/* A descriptor that can be read when the process ends; -1 where there is no such process, or the kernel has none. */
int process_open(pid_t pid);

/* Calls visit for each process that /proc shows, until it returns true. True if one did. */
bool process_each(bool (*visit)(int proc, const char *pid, void *state), void *state);

/* Calls visit for each entry of a directory of /proc whose name is a number, until it returns true. True if one did. */
bool process_each_number(const char *path, bool (*visit)(int directory, const char *name, void *state), void *state);

/* The path of the program that pid runs, without " (deleted)", to be used at once (arena.h); NULL where it can't be read. */
const char *process_path(pid_t pid);

/* The basename of the program pid runs, without " (deleted)"; "launcher" for every shim; empty where it can't be read. */
void process_program(pid_t pid, char *name, size_t size);

/* Calls visit for each descriptor that pid has open, until it returns true. True if one did. directory is that of pid's
 * descriptors in /proc, name the descriptor's entry: quicker than the whole path. */
bool process_each_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state);

/* The open file that descriptor fd of process pid refers to, as stat() has it. */
bool process_stat_fd(pid_t pid, int fd, struct stat *status);

/* Whether the descriptor, as process_each_fd names it, has O_CLOEXEC set; whether a lock is held by it. */
bool process_fd_cloexec(int directory, const char *name);
bool process_fd_locks(int directory, const char *name);

/* Whether descriptor fd is one that this process was started with: its own are all close-on-exec. Fills status if so. */
bool inherited_fd(int fd, struct stat *status);

/* Reads at most size - 1 bytes of a small file and ends them with a NUL. The length, or -1. */
ssize_t read_small_file(const char *path, char *buffer, size_t size);

/* The same of a regular file, and what it is; of anything else -1, with EINVAL. A FIFO's text is gone once it is read, and others want it
 * too. */
ssize_t read_plain_file(const char *path, char *buffer, size_t size, struct stat *status);

/* Reads a file of a directory until it ends or size bytes are read; how many, or -1. */
ssize_t read_whole_file_at(int directory, const char *path, char *buffer, size_t size);

/* Reads a file of /proc/PID whose words end with a NUL: cmdline, environ. Returns where it ends; NULL where it can't be read. To be used
 * at once (arena.h). */
char *process_words(pid_t pid, const char *name, char **words);

/* open() with O_CLOEXEC and EINTR looped, never on 0, 1 or 2, which may be closed and are the tool's; of a file that is
 * made its mode is 0600. -1 on error. */
int open_high(const char *path, int flags);
int open_high_at(int directory, const char *path, int flags);

/* A duplicate of such a kind. -1 on error. */
int dup_high(int fd);

/* Opens a pipe of two such descriptors. False, with errno, where that fails. */
bool pipe_high(int ends[2]);

/* stat() with EINTR looped: FUSE and network file systems give it. */
bool stat_path(const char *path, struct stat *status);

#endif
