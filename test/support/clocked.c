/* Stands where a real tool is and measures how long it runs, from the birth of its process on: a clock beside the journal's.
 * Lies in DIR/clocked, DIR/bin/NAME is a link to it; runs the next NAME on PATH behind DIR/bin.
 *
 * Appends `BIRTH END LAST-ARGUMENT` (CLOCK_MONOTONIC nanoseconds) to DIR/log at its end. A run lasts HOLD_MS at least, and up to
 * twice that by its pid, so that runs that began together don't end together. */
#define _GNU_SOURCE
#include "stand-in.h"

#include <fcntl.h>
#include <spawn.h>
#include <time.h>

extern char **environ;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* By the kernel's account: what it has run since, and waited for a processor. Both are read at one moment: if it had to wait in
 * between, once more. */
static long long birth_ns(void)
{
	unsigned long long ran = 0, waited = 0;
	long long before, after;

	do {
		FILE *file = fopen("/proc/self/schedstat", "re");

		before = now_ns();
		if (file == NULL || fscanf(file, "%llu %llu", &ran, &waited) != 2)
			die("/proc/self/schedstat");
		after = now_ns();
		fclose(file);
	} while (after - before > 100000);
	return after - (long long)(ran + waited);
}

int main(int argc, char **argv)
{
	const long long birth = birth_ns();
	const long long hold = HOLD_MS * 1000000LL, over = birth + hold + getpid() % 100 * hold / 100;
	char log_path[PATH_MAX], real[PATH_MAX], line[256];
	int log, status, length;
	pid_t child;

	find_beside("log", log_path);
	find_real(tool_name(argv), real);
	argv[0] = real;
	log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log < 0)
		die(log_path);
	errno = posix_spawn(&child, real, NULL, NULL, argv, environ);
	if (errno != 0)
		die(real);
	status = wait_for(child);
	while (now_ns() < over) {
		long long left = over - now_ns();

		if (left > 0)
			nanosleep(&(struct timespec){ .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 }, NULL);
	}
	length = snprintf(line, sizeof line, "%lld %lld %.128s\n", birth, now_ns(), argv[argc - 1]);
	if (write(log, line, (size_t)length) != length)
		die("log");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
