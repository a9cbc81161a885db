#include "child/child.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/mapping.h"
#include "pool/badge.h"
#include "ground/arena.h"
#include "ground/retry.h"
#include "ground/signals.h"
#include "ground/text.h"

/* What a caller may send to its tool and means it. Faults are our own, job control's TTIN and TTOU reach the whole
 * process group anyway. */
static const int passed_on[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGTSTP, SIGCONT,
	SIGURG, SIGXCPU, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR,
#ifdef SIGSTKFLT
	SIGSTKFLT,
#endif
};

static const char DEFAULT_PATH[] = "/bin:/usr/bin"; /* as execvp() has it where PATH is not set */

/* These a terminal sends to the whole foreground group: the tool has had them. */
static bool sent_by_terminal(const siginfo_t *info)
{
	static const int of_terminals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH };

	if (info->si_code != SI_KERNEL)
		return false;
	for (size_t i = 0; i < sizeof of_terminals / sizeof of_terminals[0]; i++)
		if (info->si_signo == of_terminals[i])
			return true;
	return false;
}

static void handled_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
		sigaddset(set, passed_on[i]);
	for (int number = FIRST_REAL_TIME; number <= LAST_REAL_TIME; number++)
		signals_add(set, number);
}

void child_prepare(struct inherited *inherited)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t handled;

	inherited->number_at = NULL;
	handled_set(&handled);
	signals_mask(SIG_BLOCK, &handled, &inherited->mask);
	sigaction(SIGCHLD, &standard, &inherited->child);
}

void child_unprepare(const struct inherited *inherited)
{
	mapping_restore_signals();
	sigaction(SIGCHLD, &inherited->child, NULL);
	signals_mask(SIG_SETMASK, &inherited->mask, NULL);
}

void exec_program(const char *path, char *const argv[], char *const envp[])
{
	static char shell[] = "/bin/sh";
	char **with_shell;
	size_t count = 0;

	execve(path, argv, envp);
	if (errno != ENOEXEC)
		return;
	while (argv[count] != NULL)
		count++;
	/* Not on the stack, which may be small. The child of a vfork takes it from its parent, once: that one can spare it. */
	with_shell = arena_pointers(count + 2);
	if (with_shell == NULL)
		return;
	with_shell[0] = shell;
	with_shell[1] = (char *)path;
	if (count > 0)
		memcpy(with_shell + 2, argv + 1, count * sizeof *with_shell);
	else
		with_shell[2] = NULL;
	execve(shell, with_shell, envp);
	if (errno != E2BIG)
		errno = ENOEXEC;
}

void exec_found(char *const argv[], char *const envp[])
{
	const char *path = getenv("PATH");
	int error = ENOENT;

	if (argv[0][0] == '\0' || strchr(argv[0], '/') != NULL) {
		exec_program(argv[0], argv, envp);
		return;
	}
	for (const char *at = path == NULL ? DEFAULT_PATH : path;; at++) {
		char file[PATH_MAX];
		const size_t length = strcspn(at, ":");

		if (text_put(file, sizeof file, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", argv[0]) < (int)sizeof file)
			exec_program(file, argv, envp);
		else
			errno = ENAMETOOLONG;
		if (errno != ENOENT && errno != ENOTDIR) {
			error = errno;
			if (errno != EACCES)
				break;
		}
		at += length;
		if (*at == '\0')
			break;
	}
	errno = error;
}

/* In a function of its own: the child of vfork runs on our stack and must not disturb what the parent still uses. */
static __attribute__((noinline)) pid_t start(const char *path, char *const argv[], char *const envp[],
                                             const struct inherited *inherited, volatile int *error)
{
	pid_t launcher = getpid();
	pid_t child = vfork();

	if (child != 0)
		return child;
	/* It never outlives us, so that a returned token is never still in use. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == launcher) {
		child_unprepare(inherited);
		if (inherited->number_at != NULL)
			badge_write_number(inherited->number_at);
		if (path == NULL)
			exec_found(argv, envp);
		else
			exec_program(path, argv, envp);
	}
	*error = errno;
	_exit(127);
}

/* Stops ourselves as the tool is stopped, for whoever watches us: a shell's job control. Only once the tool is, since it
 * may handle SIGTSTP or come to it later. A SIGCONT that came meanwhile takes the SIGTSTP back. */
static void stop_too(void)
{
	sigset_t stop, pending;

	if (sigpending(&pending) == 0 && sigismember(&pending, SIGCONT))
		return;
	/* A SIGTSTP that comes after the SIGCONT and before the mask is back stops us at once, maybe before the tool: so would
	 * it any parent, and there is no way to block it sooner. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	kill(getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* With its value, if it was queued with one. ESRCH: the tool ended meanwhile, SIGCHLD is on its way. */
static void pass_on(pid_t child, siginfo_t *info)
{
	if (info->si_code != SI_QUEUE || syscall(SYS_rt_sigqueueinfo, child, info->si_signo, info) < 0)
		kill(child, info->si_signo);
}

pid_t child_start(const char *path, char *const argv[], char *const envp[], const struct inherited *inherited)
{
	volatile int error = 0;
	const pid_t child = start(path, argv, envp, inherited, &error);

	if (child < 0 || error == 0)
		return child;
	(void)RETRY(waitpid(child, NULL, 0));
	errno = error;
	return -1;
}

int child_wait(pid_t child, const struct meanwhile *meanwhile, struct rusage *usage)
{
	int status = 0, last_sent = 0;
	bool stopped = false, asked_to_stop = false;
	sigset_t handled;

	handled_set(&handled);
	for (;;) {
		siginfo_t info;
		pid_t changed = RETRY(wait4(child, &status, WNOHANG | WUNTRACED | WCONTINUED, usage));

		if (changed < 0)
			return -1;
		if (changed == child) {
			if (!WIFSTOPPED(status) && !WIFCONTINUED(status))
				break;
			stopped = WIFSTOPPED(status);
			continue;
		}
		if (asked_to_stop && stopped) {
			asked_to_stop = stopped = false;
			stop_too();
		}
		if (signals_wait(&handled, &info, meanwhile->step == NULL ? NULL : meanwhile->step(meanwhile->state)) < 0 ||
		    info.si_signo == SIGCHLD)
			continue;
		if (info.si_signo == SIGTSTP || info.si_signo == SIGCONT)
			asked_to_stop = info.si_signo == SIGTSTP;
		/* A SIGCONT that was passed on may have come after the terminal's SIGTSTP, and undone it. */
		if (!sent_by_terminal(&info) || (asked_to_stop && last_sent == SIGCONT)) {
			last_sent = info.si_signo;
			pass_on(child, &info);
		}
	}
	return status;
}

int child_run(const char *path, char *const argv[], char *const envp[], const struct inherited *inherited,
              const struct meanwhile *meanwhile, struct rusage *usage)
{
	const pid_t child = child_start(path, argv, envp, inherited);

	return child < 0 ? -1 : child_wait(child, meanwhile, usage);
}

_Noreturn void child_end_like(int status)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t only;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	/* The tool's own core file must not be overwritten by ours. */
	prctl(PR_SET_DUMPABLE, 0);
	sigaction(WTERMSIG(status), &standard, NULL);
	sigemptyset(&only);
	signals_add(&only, WTERMSIG(status));
	kill(getpid(), WTERMSIG(status));
	signals_mask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + WTERMSIG(status)); /* init of a PID namespace can't die of a signal */
}
