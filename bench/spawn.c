/* The inner loop of the bench: starts programs in turn and prints how long each took, from spawn to wait.
 *
 *   spawn serve FIFO CMD...                a client: makes FIFO with one token, names it in MAKEFLAGS, runs CMD and
 *                                          fails unless the token is back
 *   spawn crowd N CMD...                   runs CMD beside N processes that sleep, children of this one
 *   spawn time ROUNDS plain   :: NAME CMD... :: NAME CMD... ...
 *   spawn time ROUNDS client  :: ...       is itself a client: has the FIFO open with O_CLOEXEC
 *   spawn time ROUNDS busy L  :: ...       launcher L holds the job's implicit slot all the while
 *   spawn time ROUNDS full N CONTEXT ...   has N descriptors open besides, all numbers below the FIFO's
 *
 * A variant may begin with NAME=VALUE, which its environment has then.
 *
 * time prints `NAME NS NS ...` a variant, busy before that `memory KIND VmRSS RssAnon RssFile RssShmem` (KB). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIANTS_MAX = 16, WARM_UP = 5 };

extern char **environ;

struct variant {
	const char *name;
	char **argv;
	char *assignment; /* NULL: none */
	uint64_t *samples;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "spawn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static pid_t start(char **argv)
{
	pid_t pid;

	errno = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (errno != 0)
		fail(argv[0]);
	return pid;
}

static int run(char **argv)
{
	int status;

	if (waitpid(start(argv), &status, 0) < 0)
		fail("waitpid");
	return status;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int serve(char *fifo, char **argv)
{
	char flags[4200], byte;
	int fd, status;

	if (mkfifo(fifo, 0600) < 0 || (fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0 || write(fd, "+", 1) != 1)
		fail(fifo);
	snprintf(flags, sizeof flags, " -j2 --jobserver-auth=fifo:%s", fifo);
	setenv("MAKEFLAGS", flags, 1);
	status = run(argv);
	if (read(fd, &byte, 1) != 1 || read(fd, &byte, 1) != -1) {
		fprintf(stderr, "spawn: a token was lost or made\n");
		status = 1;
	}
	unlink(fifo);
	return status != 0;
}

/* Returns CMD's status. The others end with this process, however that ends. */
static int crowd(int size, char **argv)
{
	pid_t *others = calloc((size_t)size, sizeof *others);
	const pid_t self = getpid();
	int status;

	if (others == NULL)
		fail("memory");
	for (int i = 0; i < size; i++) {
		others[i] = fork();
		if (others[i] < 0)
			fail("fork");
		if (others[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == self)
				pause();
			_exit(0);
		}
	}
	status = run(argv);
	for (int i = 0; i < size; i++)
		if (kill(others[i], SIGKILL) < 0 || waitpid(others[i], NULL, 0) < 0)
			fail("one of the crowd");
	free(others);
	return status != 0;
}

/* Pipes, as the callers have that read what each of their children prints. */
static void open_descriptors(int count)
{
	int ends[2];

	for (int i = 0; i < count; i += 2)
		if (pipe2(ends, O_CLOEXEC) < 0)
			fail("pipe");
}

/* Becomes a client of the jobserver in the environment. */
static void open_jobserver(void)
{
	const char *own = getenv("JOBSHIM_JOBSERVER"), *flags = getenv("MAKEFLAGS");
	const char *auth = own != NULL ? own : flags == NULL ? NULL : strstr(flags, "fifo:");

	if (auth == NULL || open(auth + strlen("fifo:"), O_RDWR | O_NONBLOCK | O_CLOEXEC) < 0)
		fail("no jobserver");
}

/* Starts a tool below the launcher that stays; returns the launcher once the tool runs, and so has its slot. */
static pid_t start_holder(char *launcher, const char *kind)
{
	char *argv[] = { launcher, "--", "sh", "-c", "echo; exec sleep 1000", NULL };
	posix_spawn_file_actions_t actions;
	char path[48], line[256], byte;
	int ends[2];
	pid_t pid;
	FILE *status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	errno = posix_spawn(&pid, launcher, &actions, NULL, argv, environ);
	close(ends[1]);
	if (errno != 0 || read(ends[0], &byte, 1) != 1)
		fail(launcher);
	close(ends[0]);
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	status = fopen(path, "r");
	if (status == NULL)
		fail(path);
	printf("memory %s", kind);
	while (fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "Rss", 3) == 0)
			printf(" %ld", strtol(strchr(line, ':') + 1, NULL, 10));
	printf("\n");
	fclose(status);
	return pid;
}

static void end_holder(pid_t pid)
{
	if (kill(pid, SIGTERM) < 0 || waitpid(pid, NULL, 0) < 0)
		fail("the holder of the slot");
}

static void remove_variable(const char *assignment)
{
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(assignment, "="), assignment);
	unsetenv(name);
}

static int time_variants(int rounds, struct variant *variants, int count)
{
	for (int round = -WARM_UP; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			/* Each round starts with another one, so that none always follows the same. */
			struct variant *variant = &variants[(i + round + WARM_UP) % count];
			uint64_t began;
			int status;

			if (variant->assignment != NULL)
				putenv(variant->assignment);
			began = now();
			status = run(variant->argv);
			if (round >= 0)
				variant->samples[round] = now() - began;
			if (variant->assignment != NULL)
				remove_variable(variant->assignment);
			if (status != 0) {
				fprintf(stderr, "spawn: %s failed\n", variant->name);
				return 1;
			}
		}
	}
	for (int i = 0; i < count; i++) {
		printf("%s", variants[i].name);
		for (int round = 0; round < rounds; round++)
			printf(" %llu", (unsigned long long)variants[i].samples[round]);
		printf("\n");
	}
	return 0;
}

static int time_all(int rounds, char **argv)
{
	struct variant variants[VARIANTS_MAX];
	char *context = *argv++;
	pid_t holder = 0;
	int count = 0, result;

	if (strcmp(context, "full") == 0) {
		open_descriptors(atoi(*argv++));
		context = *argv++;
	}
	if (strcmp(context, "client") == 0) {
		open_jobserver();
	} else if (strcmp(context, "busy") == 0) {
		holder = start_holder(*argv, "implicit");
		end_holder(start_holder(*argv, "token"));
		argv++;
	}
	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "::") != 0)
			continue;
		*argv = NULL; /* ends the variant before */
		if (count == VARIANTS_MAX || argv[1] == NULL || argv[2] == NULL)
			fail("variants");
		variants[count].name = argv[1];
		variants[count].assignment = argv[2][0] != '/' && strchr(argv[2], '=') != NULL ? argv[2] : NULL;
		variants[count].argv = argv + (variants[count].assignment == NULL ? 2 : 3);
		variants[count].samples = calloc((size_t)rounds, sizeof(uint64_t));
		if (variants[count++].samples == NULL)
			fail("memory");
	}
	fflush(stdout);
	result = time_variants(rounds, variants, count);
	if (holder != 0)
		end_holder(holder);
	return result;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv + 3);
	if (argc > 3 && strcmp(argv[1], "crowd") == 0)
		return crowd(atoi(argv[2]), argv + 3);
	if (argc > 4 && strcmp(argv[1], "time") == 0)
		return time_all(atoi(argv[2]), argv + 3);
	fprintf(stderr, "spawn: wrong usage\n");
	return 2;
}
