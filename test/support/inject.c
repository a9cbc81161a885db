/* Runs a launcher again and again, and lets one of its system calls fail each time: a seccomp filter hands every call
 * of it to us, and we answer. Nothing is traced: signals, vfork and PR_SET_PDEATHSIG are as they always are.
 *
 *   inject ROOT [OPTION ...] -- LAUNCHER ARGS     LAUNCHER is a path; the jobserver is what the environment names
 *
 *   client      we are a client, whose child the launcher is: the FIFO stays open here, close-on-exec
 *   below       our parent is one: we and all the launchers are one job. A payer of LAUNCHER's shim dir pays for it
 *   unpaid      nobody does
 *   payer       LAUNCHER is a `look`, and pays for a client, which we start and end: it gets its pid, start time and 0
 *   held        another launcher holds the implicit slot
 *   later       a token, L, is put into the FIFO once the launcher waits; it is taken out when that has ended
 *   later=MS    the same, so many milliseconds after it first asked for a lock (F_SETLK)
 *   queued      who would be the keeper of the queue is told once that another is; with later=MS until then
 *   closed      without a stdin
 *   hidden      the launcher is told that the jobserver lies where nothing is, named in a file tree that it does not see
 *   fresh=DIR   DIR, with what lies in it, is removed before each run
 *
 * Each line of stdin is a run: `ERROR NAME WHICH STEP LABEL`: of the calls with that name and label (`*END`: any), those
 * numbered WHICH, WHICH + STEP, ... fail with ERROR; STEP 0: that one only; ERROR 0: none at all, and all calls are
 * printed, a line each: `call`, name, label; ERROR -N: instead of the call the launcher gets signal N. What became of the run is a line too: `end`, `exit N`, `signal N` or
 * `hangs`, stdout and stderr in hex, the tokens in the FIFO, how many calls failed, how many processes were left.
 *
 * A label says what the call is about: paths and descriptors' paths, without ROOT and with N for each number.
 * As `hold` this program is the tool: it says so and runs until its stdin ends; then it exits 7. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

enum { HANG_MS = 8000, LABEL_MAX = 512, PEOPLE_MAX = 16, FAILURES_MAX = 4096 };

/* What a label is made of; `at` is the number of the argument with the path. */
enum about { NOTHING, PATH, FD, NUMBER, COMMAND };

struct call {
	int number;
	const char *name;
	enum about about;
	int at;
};

#define CALL(name, about, at) { SYS_##name, #name, about, at }

static const struct call calls[] = {
#ifdef SYS_open
	CALL(open, PATH, 0), CALL(stat, PATH, 0), CALL(lstat, PATH, 0), CALL(access, PATH, 0), CALL(readlink, PATH, 0),
	CALL(mkdir, PATH, 0), CALL(vfork, NOTHING, 0), CALL(fork, NOTHING, 0), CALL(epoll_wait, FD, 0), CALL(poll, NOTHING, 0),
	CALL(dup2, NUMBER, 1),
#endif
#ifdef SYS_arch_prctl
	CALL(arch_prctl, NOTHING, 0),
#endif
	CALL(openat, PATH, 1), CALL(newfstatat, PATH, 1), CALL(statx, PATH, 1), CALL(faccessat, PATH, 1),
	CALL(readlinkat, PATH, 1), CALL(mkdirat, PATH, 1), CALL(linkat, PATH, 1), CALL(unlinkat, PATH, 1),
	CALL(flock, FD, 0), CALL(pipe2, NOTHING, 0), CALL(dup3, NUMBER, 1), CALL(chdir, PATH, 0),
	CALL(execve, PATH, 0), CALL(fstat, FD, 0), CALL(read, FD, 0), CALL(write, FD, 0), CALL(close, FD, 0),
	CALL(pread64, FD, 0), CALL(pwrite64, FD, 0), CALL(ftruncate, FD, 0), CALL(getdents64, FD, 0), CALL(mmap, FD, 4),
	CALL(fcntl, COMMAND, 0), CALL(rt_sigaction, NUMBER, 0), CALL(rt_sigprocmask, NUMBER, 0), CALL(prctl, NUMBER, 0),
	CALL(epoll_create1, NOTHING, 0), CALL(epoll_ctl, FD, 2), CALL(epoll_pwait, FD, 0), CALL(ppoll, NOTHING, 0), CALL(sysinfo, NOTHING, 0), CALL(getcwd, NOTHING, 0),
	CALL(pidfd_open, NOTHING, 0), CALL(clone, NOTHING, 0), CALL(wait4, NOTHING, 0), CALL(rt_sigtimedwait, NOTHING, 0),
	CALL(rt_sigpending, NOTHING, 0), CALL(socket, NOTHING, 0), CALL(bind, NOTHING, 0), CALL(sendto, NOTHING, 0),
	CALL(setsockopt, FD, 0), CALL(recvmsg, FD, 0), CALL(clock_gettime, NOTHING, 0), CALL(nanosleep, NOTHING, 0),
	CALL(clock_nanosleep, NOTHING, 0), CALL(getpid, NOTHING, 0), CALL(getppid, NOTHING, 0), CALL(geteuid, NOTHING, 0),
	CALL(set_tid_address, NOTHING, 0), CALL(kill, NOTHING, 0), CALL(munmap, NOTHING, 0), CALL(brk, NOTHING, 0),
	CALL(mprotect, NOTHING, 0), CALL(getrandom, NOTHING, 0), CALL(prlimit64, NOTHING, 0), CALL(set_robust_list, NOTHING, 0),
	CALL(rseq, NOTHING, 0), CALL(ioctl, FD, 0), CALL(futex, NOTHING, 0), CALL(gettid, NOTHING, 0), CALL(tgkill, NOTHING, 0),
};

static const char *root, *fresh;
static char fifo[4096];
static bool is_client, is_below, is_unpaid, is_payer, is_held, gives_later, is_queued, is_closed;
static long later_ms;
static char **command;
static int output[2]; /* of the launcher and the tool: stdout, stderr */

/* The failure that is asked for. */
static int failure;
static char failing[64], label_wanted[LABEL_MAX];
static unsigned long which, step;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* Without root, and with N for each number. */
static void make_plain(const char *text, char *label, size_t size)
{
	size_t used = 0;

	if (strncmp(text, root, strlen(root)) == 0)
		text += strlen(root);
	if (strncmp(text, "v1-", 3) == 0 || strstr(text, "/v1-") != NULL) { /* a foreign jobserver's ledger */
		snprintf(label, size, "%s", strchr(text, '.') == NULL ? "v1" : "v1.new");
		return;
	}
	while (*text != '\0' && used + 1 < size) {
		label[used++] = isdigit((unsigned char)*text) ? 'N' : *text;
		if (isdigit((unsigned char)*text))
			while (isdigit((unsigned char)*text))
				text++;
		else
			text++;
	}
	label[used] = '\0';
}

static void read_path(pid_t pid, uint64_t address, char *text, size_t size)
{
	size_t page = 4096, room = page - address % page;
	struct iovec here = { text, size - 1 }, there = { (void *)(uintptr_t)address, size - 1 };
	ssize_t length;

	length = process_vm_readv(pid, &here, 1, &there, 1, 0);
	if (length < 0 && room < size) { /* the next page is not there */
		there.iov_len = room;
		length = process_vm_readv(pid, &here, 1, &there, 1, 0);
	}
	text[length < 0 ? 0 : length] = '\0';
}

static void read_fd(pid_t pid, int fd, char *text, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(link, text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
}

static void describe(const struct seccomp_notif *asked, const struct call *call, char *label)
{
	char text[LABEL_MAX] = "";
	pid_t pid = (pid_t)asked->pid;

	switch (call->about) {
	case PATH:
		read_path(pid, asked->data.args[call->at], text, sizeof text);
		if (text[0] == '\0' && call->at == 1)
			read_fd(pid, (int)asked->data.args[0], text, sizeof text);
		break;
	case FD:
	case COMMAND:
		read_fd(pid, (int)asked->data.args[call->at], text, sizeof text);
		break;
	case NUMBER:
		snprintf(label, LABEL_MAX, "%d", (int)asked->data.args[call->at]);
		return;
	case NOTHING:
		break;
	}
	make_plain(text, label, LABEL_MAX);
	if (call->about == COMMAND) {
		size_t used = strlen(label);

		snprintf(label + used, LABEL_MAX - used, " %d", (int)asked->data.args[1]);
	}
	if (label[0] == '\0')
		strcpy(label, "-");
}

static void remove_directory(const char *path)
{
	DIR *listing = opendir(path);
	const struct dirent *entry;

	if (listing == NULL)
		return;
	while ((entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.' && unlinkat(dirfd(listing), entry->d_name, 0) < 0)
			fail(entry->d_name);
	closedir(listing);
	if (rmdir(path) < 0)
		fail(path);
}

static int open_fifo(void)
{
	int fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		fail(fifo);
	return fd;
}

static void put_tokens(const char *tokens, size_t count)
{
	int fd = open_fifo();

	if (count > 0 && write(fd, tokens, count) != (ssize_t)count)
		fail("write");
	close(fd);
}

/* All tokens in the FIFO; they are not put back. */
static size_t take_tokens(char *tokens, size_t size)
{
	int fd = open_fifo();
	ssize_t length = read(fd, tokens, size - 1);

	close(fd);
	tokens[length < 0 ? 0 : length] = '\0';
	return strlen(tokens);
}

/* In the child: from here on all but these calls are asked for. The listener goes to the parent. */
static void install_filter(int to_parent)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof code / sizeof *code, .filter = code };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(98);
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		_exit(97);
	memcpy(CMSG_DATA(&control.head), &listener, sizeof listener);
	if (sendmsg(to_parent, &message, 0) != 1)
		_exit(96);
}

/* -1 where the child could not install the filter. */
static int receive_listener(int from_child)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int listener = -1;

	if (recvmsg(from_child, &message, MSG_CMSG_CLOEXEC) == 1 && message.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&listener, CMSG_DATA(&control.head), sizeof listener);
	return listener;
}

static pid_t start(int *listener)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("socketpair");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		setpgid(0, 0);
		if (dup2(output[0], 1) < 0 || dup2(output[1], 2) < 0 || (!is_closed && dup2(open("/dev/null", O_RDONLY), 0) < 0))
			_exit(95);
		if (is_closed)
			close(0);
		install_filter(pair[1]);
		execv(command[0], command);
		_exit(94);
	}
	close(pair[1]);
	*listener = receive_listener(pair[0]);
	close(pair[0]);
	if (*listener < 0)
		fail("seccomp");
	ioctl(*listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP); /* quicker, since Linux 6.6 */
	return child;
}

/* One run, while it goes on. */
struct running {
	pid_t launcher;
	struct { pid_t pid; unsigned execs; } people[PEOPLE_MAX]; /* whoever made calls */
	unsigned long matched, failed;
	bool given, ticket, refused; /* the token of `later`; for `queued` the ticket, and the keeper's lock */
	long give_at;        /* of `later=MS` */
	/* The tool is held up until the launcher waits for it: else it may have ended before, and who waits makes fewer calls. */
	bool waits;
	uint64_t held_up; /* the tool's first call */
	pid_t client;     /* of `payer` */
};

static long monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void give(struct running *running)
{
	if (gives_later && !running->given)
		put_tokens("L", 1);
	running->given = true;
}

static void give_in_time(struct running *running)
{
	if (running->give_at > 0 && monotonic_ms() >= running->give_at)
		give(running);
}

/* Whether pid is the launcher still, or its vfork's child that has not become the tool: one execve makes the launcher. */
static unsigned *execs_of(struct running *running, pid_t pid)
{
	for (size_t i = 0; i < PEOPLE_MAX; i++) {
		if (running->people[i].pid == 0) {
			running->people[i].pid = pid;
			running->people[i].execs = pid == running->launcher ? 0 : 1;
		}
		if (running->people[i].pid == pid)
			return &running->people[i].execs;
	}
	fail("too many processes");
}

static bool must_fail(struct running *running, const char *name, const char *label)
{
	size_t length = strlen(label), end = strlen(label_wanted) - 1;

	if (failure == 0 || strcmp(name, failing) != 0)
		return false;
	if (label_wanted[0] == '*' ? length < end || strcmp(label + length - end, label_wanted + 1) != 0
	                           : strcmp(label, label_wanted) != 0)
		return false;
	running->matched++;
	if (running->matched < which || (step == 0 ? running->matched > which : (running->matched - which) % step != 0))
		return false;
	/* Who tries for ever is let go, and found by the count. */
	return ++running->failed <= FAILURES_MAX;
}

/* Whether a lock in the queue is asked for: the first one is a waiter's ticket, the others make it the keeper. */
static bool asks_queue(const struct seccomp_notif *asked)
{
	struct flock lock = { .l_type = F_UNLCK };
	struct iovec here = { &lock, sizeof lock }, there = { (void *)(uintptr_t)asked->data.args[2], sizeof lock };

	return process_vm_readv((pid_t)asked->pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof lock &&
	       lock.l_type == F_WRLCK && lock.l_start >= (off_t)1 << 62;
}

/* A number of proc_pid_stat(5) behind the name: field 4 is the parent, 22 the start. -1: it is gone. */
static long long field_of(pid_t pid, int field)
{
	char path[32], text[1024];
	const char *at;
	int fd;
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[length < 0 ? 0 : length] = '\0';
	at = strrchr(text, ')');
	for (int number = 2; at != NULL && number < field; number++)
		at = strchr(at + 1, ' ');
	return at == NULL ? -1 : atoll(at + 1);
}

/* A launcher that can't do all by itself is one still. */
static bool becomes_look(const struct running *running, const struct seccomp_notif *asked, const char *label)
{
	static const char look[] = "/.jobshim/bin/look";
	const size_t length = strlen(label);

	return (pid_t)asked->pid == running->launcher && length >= strlen(look) && strcmp(label + length - strlen(look), look) == 0;
}

/* The error to answer with; 0: the kernel shall do it. */
static int judge(struct running *running, const struct seccomp_notif *asked)
{
	static const struct call unknown = { 0, "unknown", NOTHING, 0 };
	const struct call *call = &unknown;
	char label[LABEL_MAX] = "-", name[64];
	unsigned *execs = execs_of(running, (pid_t)asked->pid);
	int error = 0;
	bool asks_lock;

	if (*execs == 0 || *execs > 1) {
		*execs += asked->data.nr == SYS_execve;
		if (*execs > 1 && !running->waits && field_of((pid_t)asked->pid, 4) == running->launcher) /* not who pays: that is nobody's child */
			running->held_up = asked->id;
		return 0;
	}
	running->waits = running->waits || asked->data.nr == SYS_rt_sigtimedwait;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].number == asked->data.nr)
			call = &calls[i];
	if (call == &unknown)
		snprintf(name, sizeof name, "call-%d", asked->data.nr);
	else
		snprintf(name, sizeof name, "%s", call->name);
	describe(asked, call, label);
	if (asked->data.nr == SYS_newfstatat && (asked->data.args[3] & AT_EMPTY_PATH) != 0)
		strcpy(name, "fstat"); /* as glibc has it */
	if (failure == 0)
		printf("call\t%s\t%s\n", name, label);
	if (later_ms == 0 && (strcmp(name, "epoll_pwait") == 0 || strcmp(name, "ppoll") == 0))
		give(running);
	asks_lock = asked->data.nr == SYS_fcntl && asked->data.args[1] == F_SETLK;
	if (asks_lock && running->give_at == 0)
		running->give_at = monotonic_ms() + later_ms;
	if (is_payer && (strcmp(name, "ppoll") == 0 || strstr(name, "nanosleep") != NULL))
		kill(running->client, SIGKILL);
	if (must_fail(running, name, label)) {
		error = failure < 0 ? EINTR : failure;
		if (failure < 0)
			kill(running->launcher, -failure);
	} else if (is_queued && asks_lock && asks_queue(asked)) {
		if (running->ticket && (later_ms > 0 ? !running->given : !running->refused)) {
			running->refused = true;
			error = EAGAIN;
		}
		running->ticket = true;
	}
	if (error == 0 && asked->data.nr == SYS_execve && !becomes_look(running, asked, label))
		(*execs)++;
	return error;
}

static void reply(int listener, uint64_t id, int error)
{
	struct seccomp_notif_resp response = {
		.id = id,
		.error = -error,
		.flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
	};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		fail("SECCOMP_IOCTL_NOTIF_SEND");
}

static void answer(struct running *running, int listener)
{
	struct seccomp_notif asked = { .id = 0 };
	int error;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
		if (errno != ENOENT && errno != EINTR) /* a signal took it away, it comes again */
			fail("SECCOMP_IOCTL_NOTIF_RECV");
		return;
	}
	error = judge(running, &asked);
	if (running->held_up != asked.id)
		reply(listener, asked.id, error);
	if (running->waits && running->held_up != 0) {
		reply(listener, running->held_up, 0);
		running->held_up = 0;
	}
}

static void print_hex(int fd)
{
	char text[4096];
	ssize_t length = pread(fd, text, sizeof text, 0);

	putchar('\t');
	for (ssize_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)text[i]);
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		fail("ftruncate");
}

static pid_t start_client(void)
{
	static char pid[24], start[24], none[] = "0";
	static char *words[8];
	const pid_t child = fork();
	size_t count = 0;

	if (child < 0)
		fail("fork");
	if (child == 0) {
		open_fifo();
		for (;;)
			pause();
	}
	snprintf(pid, sizeof pid, "%d", (int)child);
	snprintf(start, sizeof start, "%lld", field_of(child, 22));
	while (count < 4 && command[count] != NULL && command[count] != pid) {
		words[count] = command[count];
		count++;
	}
	words[count] = pid;
	words[count + 1] = start;
	words[count + 2] = none;
	command = words;
	return child;
}

/* Returns whether a process of the group was left. All have ended then: one that is still dying keeps the locks of its files. */
static bool end_group(pid_t group)
{
	bool left;

	while (waitpid(-group, NULL, WNOHANG) > 0)
		;
	left = kill(-group, SIGKILL) == 0;
	while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
		;
	return left;
}

static void run_once(const char *initial)
{
	struct running running = { .launcher = 0 };
	struct pollfd wait[2];
	char tokens[4096];
	int status, listener;
	long end = monotonic_ms() + HANG_MS;
	bool hangs = false, left;

	if (fresh != NULL)
		remove_directory(fresh);
	if (is_payer)
		running.client = start_client();
	running.launcher = start(&listener);
	wait[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	wait[1] = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, running.launcher, 0), .events = POLLIN };
	if (wait[1].fd < 0)
		fail("pidfd_open");
	while ((wait[1].revents & POLLIN) == 0) {
		hangs = hangs || monotonic_ms() > end;
		if (hangs)
			kill(-running.launcher, SIGKILL);
		wait[0].revents = wait[1].revents = 0;
		if (poll(wait, 2, 10) < 0 && errno != EINTR)
			fail("poll");
		if (later_ms > 0)
			give_in_time(&running);
		if ((wait[0].revents & POLLIN) != 0)
			answer(&running, listener);
	}
	if (waitpid(running.launcher, &status, 0) != running.launcher)
		fail("waitpid");
	left = end_group(running.launcher);
	if (is_payer && (kill(running.client, SIGKILL) < 0 || waitpid(running.client, &(int){ 0 }, 0) != running.client))
		fail("the client");
	close(wait[1].fd);
	close(listener);
	if (hangs)
		printf("end\thangs");
	else if (WIFEXITED(status))
		printf("end\texit %d", WEXITSTATUS(status));
	else
		printf("end\tsignal %d", WTERMSIG(status));
	print_hex(output[0]);
	print_hex(output[1]);
	give(&running);
	take_tokens(tokens, sizeof tokens);
	printf("\t%s\t%lu\t%d\n", tokens, running.failed, left);
	fflush(stdout);
	put_tokens(initial, strlen(initial));
}

static void find_fifo(void)
{
	const char *own = getenv("JOBSHIM_JOBSERVER"), *flags = getenv("MAKEFLAGS");
	const char *found = own != NULL ? own : flags;

	found = found == NULL ? NULL : strstr(found, "fifo:");
	if (found == NULL || sscanf(found, "fifo:%4095[^ ]", fifo) != 1)
		fail("no FIFO");
}

/* Starts who pays for us as long as we run, and waits until it has the slot. */
static void start_payer(void)
{
	char look[4096], pid[24], start[24], byte;
	const char *slash = strrchr(command[0], '/');
	int told[2];
	pid_t child;

	snprintf(look, sizeof look, "%.*s/.jobshim/bin/look", (int)(slash - command[0]), command[0]);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	snprintf(start, sizeof start, "%lld", field_of(getpid(), 22));
	if (pipe2(told, O_CLOEXEC) < 0 || (child = fork()) < 0)
		fail("fork");
	if (child == 0) {
		if (dup2(told[1], 1) < 0)
			_exit(95);
		execl(look, "look", "pay", pid, start, "0", NULL);
		_exit(94);
	}
	close(told[1]);
	if (read(told[0], &byte, 1) != 1)
		fail("the payer");
	close(told[0]);
}

/* Goes on in a child; whoever started us is told its end. */
static void stay_client(void)
{
	int fd = open_fifo(), status;
	pid_t child;

	if (!is_unpaid)
		start_payer();
	child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		close(fd);
		return;
	}
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 93);
}

static pid_t start_holder(int *held)
{
	int in[2], out[2];
	char byte;
	pid_t child;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fail("pipe2");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(95);
		execv(command[0], command);
		_exit(94);
	}
	close(in[0]);
	close(out[1]);
	if (read(out[0], &byte, 1) != 1)
		fail("the holder");
	close(out[0]);
	*held = in[1];
	return child;
}

static int hold(void)
{
	/* So that what it needed is noted each time: of smaller runs one in eight is (costs.c). In few pages, where there are large ones. */
	static _Alignas(2 << 20) char much[10 << 20];
	char text[256];

	madvise(much, sizeof much, MADV_HUGEPAGE);
	for (size_t at = 0; at < sizeof much; at += 4096)
		much[at] = 1;
	printf("held %d\n", (int)getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, text, sizeof text) > 0)
		;
	return 7;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char line[1024], initial[4096];
	pid_t holder = -1;
	int held = -1;

	if (strcmp(slash == NULL ? argv[0] : slash + 1, "hold") == 0)
		return hold();
	if (argc < 4)
		fail("usage");
	root = argv[1];
	find_fifo();
	for (argv += 2; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
		is_client = is_client || strcmp(*argv, "client") == 0;
		is_below = is_below || strcmp(*argv, "below") == 0;
		is_unpaid = is_unpaid || strcmp(*argv, "unpaid") == 0;
		is_payer = is_payer || strcmp(*argv, "payer") == 0;
		is_held = is_held || strcmp(*argv, "held") == 0;
		gives_later = gives_later || strncmp(*argv, "later", 5) == 0;
		if (strncmp(*argv, "later=", 6) == 0)
			later_ms = atol(*argv + 6);
		is_queued = is_queued || strcmp(*argv, "queued") == 0;
		is_closed = is_closed || strcmp(*argv, "closed") == 0;
		if (strcmp(*argv, "hidden") == 0 && (setenv("JOBSHIM_JOBSERVER", "fifo:/nowhere", 1) < 0 || setenv("JOBSHIM_TREE", "1:2:3:4:5:0:0", 1) < 0))
			fail("setenv");
		if (strncmp(*argv, "fresh=", 6) == 0)
			fresh = *argv + 6;
	}
	command = argv + 1;
	for (int i = 0; i < 2; i++)
		if ((output[i] = memfd_create("output", MFD_CLOEXEC)) < 0)
			fail("memfd_create");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) /* what a killed launcher leaves is waited for */
		fail("prctl");
	take_tokens(initial, sizeof initial);
	put_tokens(initial, strlen(initial));
	if (is_below)
		stay_client();
	if (is_client)
		open_fifo(); /* for good */
	if (is_held)
		holder = start_holder(&held);
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (sscanf(line, "%d %63s %lu %lu %511[^\n]", &failure, failing, &which, &step, label_wanted) != 5)
			fail("not a run");
		run_once(initial);
	}
	if (holder > 0) {
		close(held);
		waitpid(holder, NULL, 0);
	}
	return 0;
}
