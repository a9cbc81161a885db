/* A jobserver that keeps an account, as steve and guildmaster are: here a FUSE file, since not every kernel has character devices of
 * programs (CUSE).
 *
 *   accounting DIRECTORY TOKENS process|handle [reserve]
 *
 * DIRECTORY is made, and gone at the end, which is the end of stdin. `ready` is printed once these lie in it:
 *
 *   jobserver   each read takes one token, each byte written gives one back. Whoever took it owns it, a process or an open file, and what
 *               the dead own, or what was open, is taken back. A byte of one who owns none: ENOSPC; the first one of a process that
 *               never took any is tolerated, since a make may think that it owns an implicit slot. reserve: who polls is promised a
 *               token, which nobody else gets until it is read
 *   account     what the server says of itself, words and numbers
 *   control     takes `size N`, and `fail read|write ERRNO`, ERRNO 0 for an end of that
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBSERVER = 2, ACCOUNT, CONTROL, PROCESSES_MAX = 4096, TEXT_MAX = 4096, NAME_MAX_BYTES = 64 };

struct account {
	long taken, reserved;
	bool ever; /* it took one once */
};

struct process {
	pid_t pid; /* of all its threads */
	int end;   /* a pidfd */
	bool tolerated;
	struct account account;
};

struct handle {
	struct handle *next;
	pid_t opener;
	struct account account;
	struct fuse_pollhandle *poller;
};

struct waiter {
	struct waiter *next;
	fuse_req_t request;
	struct handle *handle;
	pid_t pid;
};

static const char *const names[] = { [JOBSERVER] = "jobserver", [ACCOUNT] = "account", [CONTROL] = "control" };

static struct server {
	bool by_handle, reserves;
	long size;
	int fail_read, fail_write;
	struct process processes[PROCESSES_MAX];
	size_t process_count;
	struct handle *handles;
	struct waiter *waiters;
	long takes, gives, crossed, refused, tolerated, reclaimed, peak;
	char strangers[TEXT_MAX]; /* who wrote a byte that it did not own */
} server;

static void die(const char *what)
{
	fprintf(stderr, "accounting: %s: %s\n", what, strerror(errno));
	exit(99);
}

static long out(void)
{
	long sum = 0;

	for (size_t i = 0; i < server.process_count; i++)
		sum += server.processes[i].account.taken + server.processes[i].account.reserved;
	for (const struct handle *handle = server.handles; handle != NULL; handle = handle->next)
		sum += handle->account.taken + handle->account.reserved;
	return sum;
}

/* The process that a thread is of; the thread where it is gone. */
static pid_t process_of(pid_t thread)
{
	char path[NAME_MAX_BYTES], line[256];
	pid_t pid = thread;
	FILE *status;

	snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
	status = fopen(path, "re");
	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (status != NULL)
		fclose(status);
	return pid;
}

/* NULL where it has ended. */
static struct process *process_named(pid_t pid)
{
	struct process *process;
	int end;

	for (size_t i = 0; i < server.process_count; i++)
		if (server.processes[i].pid == pid)
			return &server.processes[i];
	end = (int)syscall(SYS_pidfd_open, pid, 0);
	if (end < 0 || server.process_count == PROCESSES_MAX)
		return NULL;
	process = &server.processes[server.process_count++];
	*process = (struct process){ .pid = pid, .end = end };
	return process;
}

static struct account *account_of(struct handle *handle, pid_t pid)
{
	struct process *process = process_named(pid);

	if (server.by_handle)
		return &handle->account;
	return process == NULL ? NULL : &process->account;
}

static bool take(struct account *account)
{
	if (account->reserved > 0)
		account->reserved--;
	else if (out() >= server.size)
		return false;
	account->taken++;
	account->ever = true;
	server.takes++;
	if (out() > server.peak)
		server.peak = out();
	return true;
}

/* Gives what is free to those who read, in order of their arrival, and calls those who poll: the first to ask again has it. */
static void serve(void)
{
	while (server.waiters != NULL) {
		struct waiter *waiter = server.waiters;
		struct account *account = account_of(waiter->handle, waiter->pid);

		if (account != NULL && !take(account))
			return;
		server.waiters = waiter->next;
		fuse_req_interrupt_func(waiter->request, NULL, NULL);
		if (account == NULL || fuse_reply_buf(waiter->request, "+", 1) < 0) {
			if (account != NULL)
				account->taken--;
			if (account == NULL)
				fuse_reply_err(waiter->request, EINTR);
		}
		free(waiter);
	}
	if (out() >= server.size)
		return;
	for (struct handle *handle = server.handles; handle != NULL; handle = handle->next)
		if (handle->poller != NULL)
			fuse_lowlevel_notify_poll(handle->poller);
}

static void reclaim(const struct account *account)
{
	server.reclaimed += account->taken;
}

static void note_stranger(const char *what, pid_t pid)
{
	char path[NAME_MAX_BYTES], comm[NAME_MAX_BYTES] = "?";
	const size_t length = strlen(server.strangers);
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file != NULL && fgets(comm, sizeof comm, file) != NULL)
		comm[strcspn(comm, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
	snprintf(server.strangers + length, sizeof server.strangers - length, "%s %s\n", what, comm);
}

/* Of an open file: what another file of the same process took counts, too, since make reads and writes through two. */
static struct account *owner_of(struct handle *handle, pid_t pid)
{
	struct account *account = account_of(handle, pid);

	if (account == NULL || account->taken > 0 || !server.by_handle)
		return account;
	for (struct handle *other = server.handles; other != NULL; other = other->next)
		if (other->opener == handle->opener && other->account.taken > 0) {
			server.crossed++;
			return &other->account;
		}
	return account;
}

/* Returns 0 or an error. */
static int give(struct handle *handle, pid_t pid)
{
	struct account *account = owner_of(handle, pid);
	struct process *process = process_named(pid);

	if (account != NULL && account->taken > 0) {
		account->taken--;
		server.gives++;
		return 0;
	}
	if (process != NULL && account != NULL && !account->ever && !process->tolerated) {
		process->tolerated = true;
		server.tolerated++;
		note_stranger("tolerated", pid);
		return 0;
	}
	server.refused++;
	note_stranger("refused", pid);
	return ENOSPC;
}

static void interrupt(fuse_req_t request, void *data)
{
	for (struct waiter **at = &server.waiters; *at != NULL; at = &(*at)->next)
		if (*at == data) {
			*at = (*at)->next;
			fuse_reply_err(request, EINTR);
			free(data);
			return;
		}
}

static void fill(fuse_ino_t inode, struct stat *status)
{
	*status = (struct stat){ .st_ino = inode, .st_uid = getuid(), .st_gid = getgid(), .st_nlink = 1 };
	status->st_mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0666;
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	(void)parent;
	for (fuse_ino_t inode = JOBSERVER; inode <= CONTROL; inode++)
		if (strcmp(names[inode], name) == 0) {
			struct fuse_entry_param entry = { .ino = inode, .attr_timeout = 3600, .entry_timeout = 3600 };

			fill(inode, &entry.attr);
			fuse_reply_entry(request, &entry);
			return;
		}
	fuse_reply_err(request, ENOENT);
}

static void op_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	struct stat status;

	(void)info;
	fill(inode, &status);
	fuse_reply_attr(request, &status, 3600);
}

/* O_TRUNC, of who writes into control. */
static void op_setattr(fuse_req_t request, fuse_ino_t inode, struct stat *status, int what, struct fuse_file_info *info)
{
	(void)status, (void)what;
	op_getattr(request, inode, info);
}

static void op_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	/* A stream, as a device is: who reads and waits does not keep others from writing through the same open file. */
	struct fuse_open_out opened = { .open_flags = FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM };
	struct handle *handle = NULL;

	(void)info;
	if (inode == JOBSERVER) {
		handle = calloc(1, sizeof *handle);
		if (handle == NULL)
			die("memory");
		handle->opener = process_of(fuse_req_ctx(request)->pid);
		handle->next = server.handles;
		server.handles = handle;
	} else {
		opened.open_flags = FOPEN_DIRECT_IO;
	}
	opened.fh = (uint64_t)(uintptr_t)handle;
	fuse_reply_buf(request, (const char *)&opened, sizeof opened);
}

static void op_release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	struct handle *handle = (void *)(uintptr_t)info->fh;

	fuse_reply_err(request, 0);
	if (inode != JOBSERVER)
		return;
	for (struct handle **at = &server.handles; *at != NULL; at = &(*at)->next)
		if (*at == handle) {
			*at = handle->next;
			break;
		}
	reclaim(&handle->account);
	if (handle->poller != NULL)
		fuse_pollhandle_destroy(handle->poller);
	free(handle);
	serve();
}

static void tell_account(fuse_req_t request, size_t size, off_t offset)
{
	char text[2 * TEXT_MAX];
	long taken = 0, reserved = 0, waiting = 0, polling = 0;
	size_t length;

	for (size_t i = 0; i < server.process_count; i++) {
		taken += server.processes[i].account.taken;
		reserved += server.processes[i].account.reserved;
	}
	for (const struct handle *handle = server.handles; handle != NULL; handle = handle->next) {
		taken += handle->account.taken;
		reserved += handle->account.reserved;
		polling += handle->poller != NULL;
	}
	for (const struct waiter *waiter = server.waiters; waiter != NULL; waiter = waiter->next)
		waiting++;
	snprintf(text, sizeof text,
	         "free %ld\ntaken %ld\nreserved %ld\nreading %ld\npolling %ld\ntakes %ld\ngives %ld\nreclaimed %ld\npeak %ld\n"
	         "crossed %ld\ntolerated %ld\nrefused %ld\n%s",
	         server.size - taken - reserved, taken, reserved, waiting, polling, server.takes, server.gives, server.reclaimed,
	         server.peak, server.crossed, server.tolerated, server.refused, server.strangers);
	length = strlen(text);
	if ((size_t)offset >= length)
		fuse_reply_buf(request, NULL, 0);
	else
		fuse_reply_buf(request, text + offset, length - (size_t)offset < size ? length - (size_t)offset : size);
}

static void op_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct handle *handle = (void *)(uintptr_t)info->fh;
	const pid_t pid = process_of(fuse_req_ctx(request)->pid);
	struct account *account;
	struct waiter *waiter, **last = &server.waiters;

	if (inode != JOBSERVER) {
		tell_account(request, size, offset);
		return;
	}
	account = account_of(handle, pid);
	if (server.fail_read != 0 || account == NULL) {
		fuse_reply_err(request, server.fail_read != 0 ? server.fail_read : EINTR);
	} else if (take(account)) {
		if (fuse_reply_buf(request, "+", 1) < 0) /* nobody waits for it any more */
			account->taken--;
	} else if ((info->flags & O_NONBLOCK) != 0) {
		fuse_reply_err(request, EAGAIN);
	} else {
		waiter = calloc(1, sizeof *waiter);
		if (waiter == NULL)
			die("memory");
		*waiter = (struct waiter){ .request = request, .handle = handle, .pid = pid };
		while (*last != NULL)
			last = &(*last)->next;
		*last = waiter;
		fuse_req_interrupt_func(request, interrupt, waiter);
	}
}

static void obey(fuse_req_t request, const char *text, size_t size)
{
	char line[NAME_MAX_BYTES], what[NAME_MAX_BYTES];
	int number;
	long tokens;

	snprintf(line, sizeof line, "%.*s", (int)(size < sizeof line ? size : sizeof line - 1), text);
	if (sscanf(line, "size %ld", &tokens) == 1)
		server.size = tokens;
	else if (sscanf(line, "fail %63s %d", what, &number) == 2 && (strcmp(what, "read") == 0 || strcmp(what, "write") == 0))
		*(strcmp(what, "read") == 0 ? &server.fail_read : &server.fail_write) = number;
	else {
		fuse_reply_err(request, EINVAL);
		return;
	}
	fuse_reply_write(request, size);
	serve();
}

static void op_write(fuse_req_t request, fuse_ino_t inode, const char *bytes, size_t size, off_t offset,
                     struct fuse_file_info *info)
{
	struct handle *handle = (void *)(uintptr_t)info->fh;
	const pid_t pid = process_of(fuse_req_ctx(request)->pid);
	size_t done = 0;
	int error = server.fail_write;

	(void)offset;
	if (inode != JOBSERVER) {
		obey(request, bytes, size);
		return;
	}
	while (error == 0 && done < size && (error = give(handle, pid)) == 0)
		done++;
	if (done == 0 && error != 0)
		fuse_reply_err(request, error);
	else
		fuse_reply_write(request, done);
	serve();
}

static void op_poll(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info, struct fuse_pollhandle *poller)
{
	struct handle *handle = (void *)(uintptr_t)info->fh;
	struct account *account;
	bool readable = true;

	if (inode != JOBSERVER) {
		if (poller != NULL)
			fuse_pollhandle_destroy(poller);
		fuse_reply_poll(request, POLLIN | POLLOUT);
		return;
	}
	if (poller != NULL) {
		if (handle->poller != NULL)
			fuse_pollhandle_destroy(handle->poller);
		handle->poller = poller;
	}
	account = account_of(handle, process_of(fuse_req_ctx(request)->pid));
	if (account == NULL || account->reserved == 0)
		readable = account != NULL && out() < server.size;
	if (readable && server.reserves && account->reserved == 0 && (info->poll_events & POLLIN) != 0)
		account->reserved = 1;
	fuse_reply_poll(request, POLLOUT | (readable ? POLLIN : 0));
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.open = op_open,
	.release = op_release,
	.read = op_read,
	.write = op_write,
	.poll = op_poll,
};

/* Takes back what those had that have ended. */
static void bury(const struct pollfd *ends, size_t count)
{
	bool any = false;

	for (size_t i = count; i-- > 0;) {
		if (ends[i].revents == 0)
			continue;
		any = true;
		reclaim(&server.processes[i].account);
		close(server.processes[i].end);
		server.processes[i] = server.processes[--server.process_count];
	}
	if (any)
		serve();
}

static void work(struct fuse_session *session)
{
	static struct pollfd ready[2 + PROCESSES_MAX];
	struct fuse_buf buffer = { .mem = NULL };

	while (!fuse_session_exited(session)) {
		const size_t count = server.process_count;

		ready[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
		ready[1] = (struct pollfd){ .fd = fuse_session_fd(session), .events = POLLIN };
		for (size_t i = 0; i < count; i++)
			ready[2 + i] = (struct pollfd){ .fd = server.processes[i].end, .events = POLLIN };
		if (poll(ready, 2 + count, -1) < 0 && errno != EINTR)
			die("poll");
		if (ready[0].revents != 0)
			return;
		bury(ready + 2, count);
		if (ready[1].revents != 0) {
			const int size = fuse_session_receive_buf(session, &buffer);

			if (size <= 0 && size != -EINTR && size != -EAGAIN)
				return;
			if (size > 0)
				fuse_session_process_buf(session, &buffer);
		}
	}
}

static void serve_at(char *directory, char *program)
{
	const bool is_root = getuid() == 0;
	char *words[] = { program, (char *)"-osubtype=accounting", is_root ? (char *)"-oallow_other" : NULL };
	struct fuse_args arguments = FUSE_ARGS_INIT(is_root ? 3 : 2, words);
	struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);

	if (session == NULL || fuse_session_mount(session, directory) != 0)
		die("mount");
	printf("ready\n");
	fflush(stdout);
	work(session);
}

int main(int argc, char **argv)
{
	static const int sent_to_groups[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
	int status = 1;
	pid_t child;

	if (argc < 4)
		return 2;
	server.size = strtol(argv[2], NULL, 10);
	server.by_handle = strcmp(argv[3], "handle") == 0;
	server.reserves = argc > 4 && strcmp(argv[4], "reserve") == 0;
	for (size_t i = 0; i < sizeof sent_to_groups / sizeof sent_to_groups[0]; i++)
		signal(sent_to_groups[i], SIG_IGN);
	if (mkdir(argv[1], 0755) < 0)
		die(argv[1]);
	/* Should the server be killed, its parent is left to unmount. */
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		serve_at(argv[1], argv[0]);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (umount2(argv[1], MNT_DETACH) < 0 && errno == EPERM && fork() == 0)
		execlp("fusermount3", "fusermount3", "-uz", argv[1], (char *)NULL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	if (rmdir(argv[1]) < 0)
		die(argv[1]);
	return status == 0 ? 0 : 1;
}
