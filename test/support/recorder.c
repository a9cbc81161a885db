/* Stands where the real compiler is and writes down when it runs, so that the limit is counted by
 * somebody who knows nothing of jobshim. Lies in DIR/recorder; DIR/bin/cc, gcc, ... are links to it.
 *
 * Appends `+ NANOSECONDS PID NAME LAST-ARGUMENT` (`... -E` where it only preprocesses) to DIR/log before the real compiler starts (the next of that name on PATH
 * behind DIR/bin, else /usr/bin) and `- ...` after it ended. A run lasts at least HOLD_MS, so
 * that two at once are seen as two.
 *
 * Built with ASKS it stands before the shims instead: it appends `? ...` and becomes the next one on PATH.
 *
 * Not written down, but run all the same: what compiles and links nothing (-v, -###, --version, -print-...), and what
 * another recorded program started (rustc its linker): that is one job. */
#define _GNU_SOURCE
#include "stand-in.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>

#ifndef HOLD_MS
#define HOLD_MS 20
#endif
#define INSIDE "RECORDER_INSIDE=1"

extern char **environ;

static long long now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static const char *kind = "";

static void note(int log, char sign, const char *name, const char *last)
{
	char line[256];
	int length = snprintf(line, sizeof line, "%c %lld %d %s %.128s%s\n", sign, now_ns(), (int)getpid(), name, last, kind);
	if (write(log, line, length) != length)
		die("log");
}

static int is_work(char **argv)
{
	int work = 0;

	for (; *argv; argv++) {
		if (!strcmp(*argv, "-###"))
			return 0;
		if (!strcmp(*argv, "-c") || !strcmp(*argv, "-o") || !strcmp(*argv, "-S") || !strcmp(*argv, "-E") ||
		    !strncmp(*argv, "--emit", 6))
			work = 1;
	}
	return work;
}

static int preprocesses(char **argv)
{
	for (; *argv; argv++)
		if (!strcmp(*argv, "-E"))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	char log_path[PATH_MAX], real[PATH_MAX];
	const char *name = tool_name(argv);
	int log, status, error;
	long long start = now_ns();
	pid_t child;

	find_beside("log", log_path);
	find_real(name, real);
	argv[0] = real;
	if (getenv("RECORDER_INSIDE") || !is_work(argv + 1)) {
		execv(real, argv);
		die(real);
	}
	if (preprocesses(argv + 1))
		kind = " -E";
	log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log < 0)
		die(log_path);
#ifdef ASKS
	note(log, '?', name, argv[argc - 1]);
	execv(real, argv);
	die(real);
#endif
	putenv((char[]){INSIDE});
	note(log, '+', name, argv[argc - 1]);
	error = posix_spawn(&child, real, NULL, NULL, argv, environ);
	if (error) {
		errno = error;
		note(log, '-', name, argv[argc - 1]);
		die(real);
	}
	status = wait_for(child);
	while (now_ns() < start + HOLD_MS * 1000000LL)
		usleep(1000);
	note(log, '-', name, argv[argc - 1]);
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		kill(getpid(), WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
