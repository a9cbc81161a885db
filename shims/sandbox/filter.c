#include "sandbox/filter.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground/retry.h"
#include "sandbox/kernelabi.h"

/* The number of set_tid_address, for each kind of program that the kernel runs: AUDIT_ARCH_* of linux/audit.h, and the tables of
 * arch/.../syscalls. */
static const struct call {
	uint32_t architecture;
	uint32_t number;
} calls[] = {
#if defined __x86_64__ || defined __i386__
	{ 0xc000003eU, 218 },
	{ 0xc000003eU, 0x40000000U | 218 }, /* x32 */
	{ 0x40000003U, 258 },
#elif defined __aarch64__ || defined __arm__
	{ 0xc00000b7U, 96 },
	{ 0x40000028U, 256 },
#elif defined __riscv
	{ 0xc00000f3U, 96 },
	{ 0x400000f3U, 96 },
#elif defined __powerpc__
	{ 0xc0000015U, 232 },
	{ 0x80000015U, 232 },
	{ 0x00000014U, 232 },
#elif defined __s390x__
	{ 0x80000016U, 252 },
	{ 0x00000016U, 252 },
#elif defined __loongarch__
	{ 0xc0000102U, 96 },
#else
	{ 0, 0 }, /* unknown: filter_install() refuses */
#endif
};

enum {
	CALLS = sizeof calls / sizeof calls[0],
	STEPS_OF_CALL = 5,
	STEPS = CALLS * STEPS_OF_CALL + 1,
};

/* The number comes first: for any other one the kernel (5.11) finds out once that it is allowed, and runs the filter no more. */
static void write_steps(struct bpf_step steps[STEPS])
{
	for (size_t i = 0; i < CALLS; i++) {
		struct bpf_step *at = steps + i * STEPS_OF_CALL;

		at[0] = (struct bpf_step){ BPF_LOAD_WORD, 0, 0, offsetof(struct seccomp_facts, number) };
		at[1] = (struct bpf_step){ BPF_JUMP_IF_EQUAL, 0, 3, calls[i].number };
		at[2] = (struct bpf_step){ BPF_LOAD_WORD, 0, 0, offsetof(struct seccomp_facts, architecture) };
		at[3] = (struct bpf_step){ BPF_JUMP_IF_EQUAL, 0, 1, calls[i].architecture };
		at[4] = (struct bpf_step){ BPF_RETURN, 0, 0, SECCOMP_ACTION_NOTIFY };
	}
	steps[STEPS - 1] = (struct bpf_step){ BPF_RETURN, 0, 0, SECCOMP_ACTION_ALLOW };
}

/* Later kernels may know more of a notice than we do, and write it. */
static bool fits(void)
{
	struct seccomp_sizes sizes = { .notice = 0 };

	if (syscall(SYS_seccomp, SECCOMP_TELL_SIZES, 0, &sizes) < 0)
		return false;
	errno = ENOSYS;
	return sizes.notice <= sizeof(struct seccomp_notice) && sizes.answer <= sizeof(struct seccomp_answer);
}

int filter_install(void)
{
	const unsigned flags = SECCOMP_WITH_LISTENER | SECCOMP_WITHOUT_SSBD;
	struct bpf_step steps[STEPS];
	struct bpf_program program = { .length = STEPS, .steps = steps };
	long listener;

	errno = ENOSYS;
	if (calls[0].number == 0 || !fits())
		return -1;
	write_steps(steps);
	listener = syscall(SYS_seccomp, SECCOMP_INSTALL_FILTER, flags, &program);
	if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		listener = syscall(SYS_seccomp, SECCOMP_INSTALL_FILTER, flags, &program);
	return (int)listener;
}

enum { ENDS_WITHOUT_PRIVILEGES = 255 }; /* no errno is that high */

static int has_no_new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static int install_and_tell(void)
{
	const int before = has_no_new_privileges();

	if (filter_install() < 0)
		return errno;
	return before == 0 && has_no_new_privileges() == 1 ? ENDS_WITHOUT_PRIVILEGES : 0;
}

enum filter_trial filter_try(void)
{
	int status;
	const pid_t child = fork();

	if (child == 0)
		_exit(install_and_tell());
	if (child < 0 || RETRY(waitpid(child, &status, 0)) != child)
		return FILTER_REFUSED;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM; /* some profiles kill who tries */
	if (errno == ENDS_WITHOUT_PRIVILEGES)
		return FILTER_TAKES_PRIVILEGES;
	return errno == 0 ? FILTER_WORKS : FILTER_REFUSED;
}

const char *filter_why(int error)
{
	switch (error) {
	case EBUSY:
		return "a program above has a seccomp listener, and there can be one only";
	case EACCES:
	case EPERM:
		return "seccomp filters are refused here, as by a container's profile";
	case EINVAL:
	case ENOSYS:
		return "this kernel has no seccomp listener (Linux 5.5), or this processor is not known";
	default:
		return strerror(error);
	}
}

void filter_quicken(int listener)
{
	(void)ioctl(listener, SECCOMP_SET_FLAGS, SECCOMP_WAKE_ON_SAME_CPU);
}

bool filter_receive(int listener, struct seccomp_notice *notice, struct started *started, uint64_t arguments[6])
{
	memset(notice, 0, sizeof *notice); /* the kernel refuses any other */
	if (ioctl(listener, SECCOMP_RECEIVE, notice) < 0)
		return false;
	*started = (struct started){ .id = notice->id, .pid = (pid_t)notice->pid };
	memcpy(arguments, notice->facts.arguments, sizeof notice->facts.arguments);
	return true;
}

bool filter_let_go(int listener, const struct started *started)
{
	struct seccomp_answer answer = { .id = started->id, .flags = SECCOMP_ANSWER_CONTINUE };

	return RETRY(ioctl(listener, SECCOMP_SEND, &answer)) == 0;
}

bool filter_return(int listener, const struct started *started, int64_t value)
{
	struct seccomp_answer answer = { .id = started->id, .value = value };

	return RETRY(ioctl(listener, SECCOMP_SEND, &answer)) == 0;
}

bool filter_stands(int listener, const struct started *started)
{
	uint64_t id = started->id;

	return RETRY(ioctl(listener, SECCOMP_IS_VALID, &id)) == 0;
}
