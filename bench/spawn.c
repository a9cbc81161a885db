/* The inner loop of the bench: starts programs in turn and prints how long each took, from spawn to wait.
 *
 *   spawn serve FIFO CMD...                a client: makes FIFO with one token, names it in MAKEFLAGS, runs CMD and
 *                                          fails unless the token is back
 *   spawn crowd N CMD...                   runs CMD beside N processes that sleep, children of this one
 *   spawn time ROUNDS plain   :: NAME CMD... :: NAME CMD... ...
 *   spawn time ROUNDS client  :: ...       is itself a client: has the FIFO open with O_CLOEXEC
 *   spawn time ROUNDS busy L  :: ...       launcher L holds the job's implicit slot all the while
 *   spawn time ROUNDS full N CONTEXT ...   has N descriptors open besides, all numbers below the FIFO's
 *   spawn follow CALLS CONTEXT :: ...      starts a variant, by its number, each time that it is told to in the FIFO CALLS, and
 *                                          says how long it took in the FIFO CALLS.answers
 *   spawn time ROUNDS lead CALLS N ...     N more variants, which are those of the one that follows CALLS, in its order; may be
 *                                          repeated, for another one
 *   spawn each HZ SECONDS CMD...           starts CMD so many times a second
 *   spawn herd N SECONDS CMD...            has N of CMD at any time
 *   spawn calls N [filtered]               makes so many system calls; below a filter that allows them all
 *
 * A variant may begin with NAME=VALUE, which its environment has then.
 *
 * time prints `NAME NS NS ...` a variant, busy before that `memory KIND VmRSS RssAnon RssFile RssShmem` (KB). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { VARIANTS_MAX = 16, LINES_MAX = 8, WARM_UP = 5 };

extern char **environ;

/* The two ends of what is said between who leads and who follows. */
struct line {
	int calls, answers;
};

struct variant {
	const char *name;
	char **argv;
	char *assignment; /* NULL: none */
	int followed;     /* 0: started here; else who follows starts its variant of that number, from 1, */
	struct line line; /* and is told so here */
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

static struct line open_line(char *calls, int flags_calls, int flags_answers)
{
	char answers[4200];
	struct line line;

	snprintf(answers, sizeof answers, "%s.answers", calls);
	line.calls = open(calls, flags_calls | O_CLOEXEC);
	line.answers = open(answers, flags_answers | O_CLOEXEC);
	if (line.calls < 0 || line.answers < 0)
		fail(calls);
	return line;
}

/* How long the variant took there. */
static uint64_t call_follower(struct line line, int number)
{
	const char byte = (char)number;
	uint64_t took;

	if (write(line.calls, &byte, 1) != 1 || read(line.answers, &took, sizeof took) != sizeof took || took == 0)
		fail("who follows");
	return took;
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
			if (variant->followed != 0) {
				const uint64_t took = call_follower(variant->line, variant->followed);

				if (round >= 0)
					variant->samples[round] = took;
				continue;
			}
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

static pid_t enter_context(char *context, char ***argv)
{
	pid_t holder;

	if (strcmp(context, "full") == 0) {
		open_descriptors(atoi(*(*argv)++));
		context = *(*argv)++;
	}
	if (strcmp(context, "client") == 0)
		open_jobserver();
	if (strcmp(context, "held") == 0) { /* by a tool that stays as long as it is told to */
		char *stay[] = { *(*argv)++, "stay", NULL };

		holder = start(stay);
		usleep(200000); /* nobody tells when it has its slot */
		return holder;
	}
	if (strcmp(context, "busy") != 0)
		return 0;
	holder = start_holder(**argv, "implicit");
	end_holder(start_holder(**argv, "token"));
	(*argv)++;
	return holder;
}

static int read_variants(char **argv, struct variant *variants)
{
	int count = 0;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "::") != 0)
			continue;
		*argv = NULL; /* ends the variant before */
		if (count == VARIANTS_MAX || argv[1] == NULL || argv[2] == NULL)
			fail("variants");
		variants[count].name = argv[1];
		variants[count].assignment = argv[2][0] != '/' && strchr(argv[2], '=') != NULL ? argv[2] : NULL;
		variants[count].argv = argv + (variants[count].assignment == NULL ? 2 : 3);
		count++;
	}
	return count;
}

static int time_all(int rounds, char **argv)
{
	static struct variant variants[VARIANTS_MAX];
	static char names[VARIANTS_MAX][16];
	struct variant led[VARIANTS_MAX];
	char *context = *argv++;
	int count, followed = 0, result;
	pid_t holder;

	for (int lines = 0; strcmp(context, "lead") == 0 && lines < LINES_MAX; lines++) {
		const struct line line = open_line(argv[0], O_WRONLY, O_RDONLY);

		for (int i = 1; i <= atoi(argv[1]) && followed < VARIANTS_MAX; i++, followed++) {
			snprintf(names[followed], sizeof names[followed], "followed%d", followed + 1);
			led[followed] = (struct variant){ .name = names[followed], .followed = i, .line = line };
		}
		argv += 2;
		context = *argv++;
	}
	holder = enter_context(context, &argv);
	count = read_variants(argv, variants);
	for (int i = 0; i < followed && count < VARIANTS_MAX; i++)
		variants[count++] = led[i];
	for (int i = 0; i < count; i++)
		if ((variants[i].samples = calloc((size_t)rounds, sizeof(uint64_t))) == NULL)
			fail("memory");
	fflush(stdout);
	result = time_variants(rounds, variants, count);
	if (holder != 0)
		end_holder(holder);
	return result;
}

/* Until who leads has gone. */
static int follow(char **argv)
{
	static struct variant variants[VARIANTS_MAX];
	char *calls = argv[0], *context = argv[1], number;
	struct line line;
	pid_t holder;
	int count;

	argv += 2;
	holder = enter_context(context, &argv);
	count = read_variants(argv, variants);
	line = open_line(calls, O_RDONLY, O_WRONLY);
	while (read(line.calls, &number, 1) == 1 && number >= 1 && number <= count) {
		const uint64_t began = now();
		uint64_t took = 0;

		if (run(variants[number - 1].argv) == 0)
			took = now() - began;
		if (write(line.answers, &took, sizeof took) != sizeof took)
			break;
	}
	if (holder != 0)
		end_holder(holder);
	return 0;
}

static int start_each(int hertz, int seconds, char **argv)
{
	const uint64_t began = now();

	for (int i = 0; i < hertz * seconds; i++) {
		const uint64_t due = began + (uint64_t)i * 1000000000u / (uint64_t)hertz;
		const struct timespec time = { .tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		start(argv);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	printf("%llu\n", (unsigned long long)((uint64_t)hertz * (uint64_t)seconds * 1000000000u / (now() - began)));
	return 0;
}

/* Prints how many ended meanwhile. */
static int keep_herd(int size, int seconds, char **argv)
{
	const uint64_t end = now() + (uint64_t)seconds * 1000000000u;
	pid_t *members = calloc((size_t)size, sizeof *members);
	int ended = 0;

	if (members == NULL)
		fail("memory");
	for (int i = 0; i < size; i++)
		members[i] = start(argv);
	while (now() < end) {
		const pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid == 0) {
			usleep(500);
			continue;
		}
		for (int i = 0; i < size; i++)
			if (members[i] == pid)
				members[i] = start(argv);
		ended++;
	}
	for (int i = 0; i < size; i++)
		end_holder(members[i]);
	free(members);
	printf("%d\n", ended);
	return 0;
}

/* The least filter that there can be: what any other one costs more than that is its own. */
static bool filter_nothing(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { .len = 1, .filter = &allow };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int make_calls(long count, bool is_filtered)
{
	if (is_filtered && !filter_nothing())
		fail("seccomp");
	for (long i = 0; i < count; i++)
		(void)syscall(SYS_getppid);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv + 3);
	if (argc > 3 && strcmp(argv[1], "crowd") == 0)
		return crowd(atoi(argv[2]), argv + 3);
	if (argc > 4 && strcmp(argv[1], "time") == 0)
		return time_all(atoi(argv[2]), argv + 3);
	if (argc > 4 && strcmp(argv[1], "follow") == 0)
		return follow(argv + 2);
	if (argc > 4 && strcmp(argv[1], "each") == 0)
		return start_each(atoi(argv[2]), atoi(argv[3]), argv + 4);
	if (argc > 4 && strcmp(argv[1], "herd") == 0)
		return keep_herd(atoi(argv[2]), atoi(argv[3]), argv + 4);
	if (argc > 2 && strcmp(argv[1], "calls") == 0)
		return make_calls(atol(argv[2]), argc > 3 && strcmp(argv[3], "filtered") == 0);
	fprintf(stderr, "spawn: wrong usage\n");
	return 2;
}
