/* A `look` whose supervisor is killed as it receives its first program: put in its place, with the real one beside it as `look.real`. The
 * kernel has handed that program out, and the supervisor has not done anything yet. All other calls are the real one's. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "killed-receiving: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static struct __ptrace_syscall_info call_of(pid_t pid)
{
	struct __ptrace_syscall_info info = { .op = PTRACE_SYSCALL_INFO_NONE };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) < 0)
		die("PTRACE_GET_SYSCALL_INFO");
	return info;
}

static _Noreturn void kill_at_receive(pid_t pid, int ready)
{
	bool is_receive = false;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)PTRACE_O_TRACESYSGOOD) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		die("PTRACE_SEIZE");
	close(ready);
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		uintptr_t signal = WSTOPSIG(status);

		if (signal == (SIGTRAP | 0x80)) {
			const struct __ptrace_syscall_info info = call_of(pid);

			if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				is_receive = info.entry.nr == SYS_ioctl && (uint32_t)info.entry.args[1] == SECCOMP_IOCTL_NOTIF_RECV;
			else if (is_receive && info.exit.rval == 0)
				kill(pid, SIGKILL);
			signal = 0;
		} else if (status >> 16 != 0) { /* our own interruption */
			signal = 0;
		}
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)signal) < 0 && errno != ESRCH)
			die("PTRACE_SYSCALL");
	}
	_exit(0);
}

static void await(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		continue;
	close(fd);
}

/* Returns once this process is traced. */
static void start_tracer(void)
{
	const pid_t supervisor = getpid();
	int allowed[2], ready[2];
	pid_t tracer;

	if (pipe(allowed) < 0 || pipe(ready) < 0)
		die("pipe");
	tracer = fork();
	if (tracer < 0)
		die("fork");
	if (tracer == 0) {
		close(allowed[1]);
		close(ready[0]);
		await(allowed[0]);
		kill_at_receive(supervisor, ready[1]);
	}
	(void)prctl(PR_SET_PTRACER, tracer, 0, 0, 0); /* fails without Yama */
	close(allowed[0]);
	close(allowed[1]);
	close(ready[1]);
	await(ready[0]);
}

int main(int argc, char *argv[])
{
	char real[4096];
	const ssize_t length = readlink("/proc/self/exe", real, sizeof real - sizeof ".real");

	if (length < 0)
		die("readlink");
	strcpy(real + length, ".real");
	if (argc > 1 && strcmp(argv[1], "supervise") == 0)
		start_tracer();
	execv(real, argv);
	die(real);
}
