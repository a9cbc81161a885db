/* Starts tools as few programs do: `caller WAY RUNS TOOL MILLISECONDS DIR` runs `TOOL -c MILLISECONDS -o DIR/N` so many times at once, and
 * waits for all. WAY: execveat (by a directory's descriptor), descriptor (by the file's own, O_PATH), vfork, threads (posix_spawn from
 * 16), orphans (a second fork, and the process between ends). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 16, RUNS_MAX = 64 };

extern char **environ;

static int runs;
static char *tool, *ms;
static char outputs[RUNS_MAX][PATH_MAX];
static atomic_int next, failures;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void write_words(char *words[6], int number)
{
	char *all[] = { "gcc", "-c", ms, "-o", outputs[number], NULL };

	memcpy(words, all, sizeof all);
}

static void take_status(int status)
{
	if (status != 0)
		failures++;
}

static void wait_for_all(void)
{
	int status;

	while (wait(&status) > 0 || errno == EINTR)
		take_status(status);
}

static void by_descriptor(int fd, const char *name, int flags)
{
	for (int i = 0; i < runs; i++) {
		char *words[6];
		const pid_t child = fork();

		if (child < 0)
			die("fork");
		if (child > 0)
			continue;
		write_words(words, i);
		execveat(fd, name, words, environ, flags);
		die("execveat");
	}
	wait_for_all();
}

static void by_vfork(void)
{
	for (int i = 0; i < runs; i++) {
		char *words[6];
		pid_t child;

		write_words(words, i);
		child = vfork();
		if (child == 0) {
			execv(tool, words);
			_exit(99);
		}
	}
	wait_for_all();
}

static void *spawn_next(void *nothing)
{
	for (int i = next++; i < runs; i = next++) {
		char *words[6];
		pid_t child;
		int status;

		write_words(words, i);
		if (posix_spawn(&child, tool, NULL, NULL, words, environ) != 0 || waitpid(child, &status, 0) != child)
			failures++;
		else
			take_status(status);
	}
	return nothing;
}

static void by_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, spawn_next, NULL) != 0)
			die("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* The pipe ends with the last of them. */
static void by_orphans(void)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		die("pipe");
	for (int i = 0; i < runs; i++) {
		char *words[6];
		const pid_t between = fork();

		if (between < 0)
			die("fork");
		if (between > 0)
			continue;
		if (fork() != 0)
			_exit(0);
		write_words(words, i);
		execv(tool, words);
		die(tool);
	}
	wait_for_all();
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 0)
		die("read");
}

int main(int argc, char **argv)
{
	char place[PATH_MAX];

	if (argc != 6 || strlen(argv[3]) >= sizeof place)
		return 2;
	runs = atoi(argv[2]);
	tool = argv[3];
	ms = argv[4];
	for (int i = 0; i < runs && i < RUNS_MAX; i++)
		snprintf(outputs[i], PATH_MAX, "%s/%d", argv[5], i);
	strcpy(place, tool);
	if (strcmp(argv[1], "execveat") == 0)
		by_descriptor(open(dirname(place), O_PATH | O_CLOEXEC), "gcc", 0);
	else if (strcmp(argv[1], "descriptor") == 0)
		by_descriptor(open(tool, O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
	else if (strcmp(argv[1], "vfork") == 0)
		by_vfork();
	else if (strcmp(argv[1], "threads") == 0)
		by_threads();
	else
		by_orphans();
	return failures > 0;
}
