/* The tool that stands behind the shim: says what it sees, or does what it is told.
 *
 *   look ARGS     appends all that it sees to $PROBE_REPORT, reads stdin, writes to stdout and stderr
 *   place         says in whose slot it runs: by its parent and by the tokens left in $PROBE_FIFO
 *   exit N        exits with N
 *   die SIGNAL    sends itself a signal; exits with 0 if it outlives that
 *   wait          prints `ready PID`, then answers each line; `exit N` and the end of stdin end it
 *   catch         prints `ready PID`, then `got SIGNAL` for each signal; SIGTERM also ends it, with 7
 *   hold FILE     makes FILE, and ends once another process runs this program
 *   handle SIGNAL as wait, and prints `handled SIGNAL` from a handler */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	while (*text != '\0')
		hash = (hash ^ (unsigned char)*text++) * 0x100000001b3ULL;
	return hash;
}

static void show_fds(FILE *report)
{
	for (int fd = 0; fd < 1024; fd++) {
		char link[64], target[PATH_MAX];
		ssize_t length;

		if (fd == fileno(report) || fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		fprintf(report, "fd %d %s cloexec %d flags %o offset %ld\n", fd, target, fcntl(fd, F_GETFD),
		        fcntl(fd, F_GETFL), (long)lseek(fd, 0, SEEK_CUR));
	}
}

static void show_file(FILE *report, const char *path, const char *prefix)
{
	char line[256];
	FILE *file = fopen(path, "re");

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, prefix, strlen(prefix)) == 0)
			fputs(line, report);
	if (file != NULL)
		fclose(file);
}

static void path_of(const char *pid, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%.20s/exe", pid);
	length = readlink(link, path, PATH_MAX - 1);
	path[length < 0 ? 0 : length] = '\0';
}

static void show_programs(FILE *report)
{
	char path[PATH_MAX], parent[32];

	path_of("self", path);
	fprintf(report, "exe %s\n", path);
	snprintf(parent, sizeof parent, "%d", (int)getppid());
	path_of(parent, path);
	fprintf(report, "parent %s\n", path);
}

static int hold(const char *file)
{
	char own[PATH_MAX], path[PATH_MAX];
	bool found = false;

	path_of("self", own);
	if (creat(file, 0600) < 0)
		return 99;
	for (int i = 0; i < 2000 && !found; i++) {
		DIR *proc = opendir("/proc");

		usleep(5000);
		for (struct dirent *entry; proc != NULL && !found && (entry = readdir(proc)) != NULL;) {
			path_of(entry->d_name, path);
			found = strcmp(path, own) == 0 && isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid();
		}
		if (proc != NULL)
			closedir(proc);
	}
	return found ? 0 : 99;
}

static void show_streams(FILE *report)
{
	char input[256];
	ssize_t length;

	fprintf(report, "terminals %d%d%d\n", isatty(0), isatty(1), isatty(2));
	while ((length = read(STDIN_FILENO, input, sizeof input - 1)) > 0) {
		input[length] = '\0';
		fprintf(report, "stdin %s\n", input);
	}
	fprintf(report, "stdin ends: %s\n", length == 0 ? "end of file" : strerror(errno));
	fprintf(report, "stdout: %s\n", write(STDOUT_FILENO, "out\n", 4) == 4 ? "written" : strerror(errno));
	fprintf(report, "stderr: %s\n", write(STDERR_FILENO, "err\n", 4) == 4 ? "written" : strerror(errno));
}

static int look(char **argv)
{
	const char *path = getenv("PROBE_REPORT");
	char directory[PATH_MAX];
	mode_t mask = umask(0);
	FILE *report;
	int low, fd;

	umask(mask);
	low = open(path == NULL ? "" : path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd = fcntl(low, F_DUPFD_CLOEXEC, 512); /* the lowest may be one that has to be seen closed */
	close(low);
	report = fd < 0 ? NULL : fdopen(fd, "a");
	if (report == NULL)
		return 99;
	for (int i = 0; argv[i] != NULL; i++) {
		if (strlen(argv[i]) < 200)
			fprintf(report, "argv %d %s\n", i, argv[i]);
		else
			fprintf(report, "argv %d of %zu bytes, %016llx\n", i, strlen(argv[i]), (unsigned long long)hash_of(argv[i]));
	}
	for (char **variable = environ; *variable != NULL; variable++)
		fprintf(report, "env %s\n", *variable);
	show_programs(report);
	show_fds(report);
	show_file(report, "/proc/self/status", "SigIgn");
	show_file(report, "/proc/self/status", "SigBlk");
	show_file(report, "/proc/self/status", "SigCgt");
	show_file(report, "/proc/self/status", "NoNewPrivs");
	show_file(report, "/proc/self/limits", "Max");
	fprintf(report, "pgrp <%d> session <%d> foreground <%d>\n", (int)getpgrp(), (int)getsid(0), (int)tcgetpgrp(0));
	fprintf(report, "umask %03o cwd %s\n", (unsigned)mask, getcwd(directory, sizeof directory));
	fflush(report);
	show_streams(report);
	return fclose(report) != 0;
}

static int place(void)
{
	char link[64], parent[PATH_MAX];
	int fd = open(getenv("PROBE_FIFO"), O_RDONLY | O_NONBLOCK | O_CLOEXEC), tokens = -1;
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/exe", (int)getppid());
	length = readlink(link, parent, sizeof parent - 1);
	parent[length < 0 ? 0 : length] = '\0';
	ioctl(fd, FIONREAD, &tokens);
	printf("below %s, %d tokens left\n", strrchr(parent, '/') + 1, tokens);
	return 0;
}

static int die(int signal_number)
{
	sigset_t only;

	signal(signal_number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	kill(getpid(), signal_number);
	return 0;
}

static int wait_for_lines(void)
{
	char line[256];

	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strncmp(line, "exit ", 5) == 0)
			return atoi(line + 5);
		printf("answer %s", line);
		fflush(stdout);
	}
	return 0;
}

static int catch(void)
{
	siginfo_t info;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	printf("ready %d\n", (int)getpid());
	do {
		fflush(stdout);
		if (sigwaitinfo(&all, &info) < 0)
			return 99;
		printf("got %d\n", info.si_signo);
	} while (info.si_signo != SIGTERM);
	return 7;
}

static void on_signal(int signal_number)
{
	char text[32];
	int length = snprintf(text, sizeof text, "handled %d\n", signal_number);

	if (write(STDOUT_FILENO, text, (size_t)length) != length)
		_exit(99);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(mode, "look") == 0)
		return look(argv);
	if (strcmp(mode, "place") == 0)
		return place();
	if (strcmp(mode, "exit") == 0)
		return number;
	if (strcmp(mode, "die") == 0)
		return die(number);
	if (strcmp(mode, "wait") == 0)
		return wait_for_lines();
	if (strcmp(mode, "hold") == 0)
		return hold(argv[2]);
	if (strcmp(mode, "catch") == 0)
		return catch();
	if (strcmp(mode, "handle") == 0) {
		struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

		sigaction(number, &action, NULL);
		return wait_for_lines();
	}
	return 99;
}
