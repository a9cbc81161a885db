/* `MODE CMD...` runs CMD below a seccomp listener that is not jobshim's. It is told of each set_tid_address, and has the kernel do it. But one
 * whose argument is odd, and so no address of an int: MODE `silent` never answers it, MODE `wrong` answers it with a number. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int install(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_tid_address, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof steps / sizeof steps[0], .filter = steps };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void answer(int listener, const char *mode)
{
	struct seccomp_notif notice;
	struct seccomp_notif_resp response;

	memset(&notice, 0, sizeof notice);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
		return;
	response = (struct seccomp_notif_resp){ .id = notice.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	if ((notice.data.args[0] & 1) != 0 && strcmp(mode, "silent") == 0)
		return;
	if ((notice.data.args[0] & 1) != 0 && strcmp(mode, "wrong") == 0)
		response = (struct seccomp_notif_resp){ .id = notice.id, .val = 77 };
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int main(int argc, char **argv)
{
	int listener, status;
	pid_t child;

	if (argc < 3)
		return 125;
	listener = install();
	child = listener < 0 ? -1 : fork();
	if (child < 0)
		return 125;
	if (child == 0) {
		close(listener);
		execvp(argv[2], argv + 2);
		_exit(126);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct pollfd ready = { .fd = listener, .events = POLLIN };

		if (poll(&ready, 1, 20) > 0 && (ready.revents & POLLIN) != 0)
			answer(listener, argv[1]);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
