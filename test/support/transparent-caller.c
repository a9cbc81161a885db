/* Calls a tool in one of three places below a jobserver, and says all about how it ended.
 *
 *   transparent-caller PLACE [SETUP ...] -- TOOL ARGS
 *
 * It makes the FIFO $PROBE_FIFO, puts three tokens into it and removes it at the end. PLACE:
 *   caller    we are a client (hold the FIFO open, close-on-exec) and the tool is our child: it owns our slot
 *   implicit  a process between us and the tool is our child: the tool gets that one's implicit slot
 *   token     no client is above the tool, and a first tool, `probe wait`, holds the one implicit slot
 *
 * SETUP, done in the child that becomes the tool: in=FILE, pipe=TEXT and pty=TEXT (stdin), close=FD, fds=COUNT,
 * ignore=SIGNAL, block=SIGNAL, pgrp, session, umask=OCTAL, files=LIMIT, cwd=DIR.
 * each=FIRST-LAST calls the tool once for each number, as its % argument.
 * dialog (pipes) and terminal (a pty, in a session of its own) talk to the tool as the lines on our stdin say:
 *   send TEXT     with \n and \ooo; expect TEXT  reads until it comes; kill SIGNAL  sent to our child alone
 *   stopped       waits until our child and the tool (of `ready PID`) are stopped; continued  until they run again
 *   close         the end of the tool's stdin */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HIGH_FD = 600, HANG_SECONDS = 20, OUTPUT_MAX = 65536, POLLS = 4000, POLL_MICROSECONDS = 5000 };

static const char *fifo;
static char **setups;
static int setup_count;
static int to_tool = -1, from_tool = -1;
static char output[OUTPUT_MAX];
static size_t output_length, output_seen;

static void fail(const char *what)
{
	printf("caller: %s: %s\n--- so far:\n%s\n", what, strerror(errno), output);
	fflush(stdout);
	_exit(99);
}

static int high(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (moved < 0)
		fail("fcntl");
	close(fd);
	return moved;
}

static const char *setup(const char *name)
{
	for (int i = 0; i < setup_count; i++)
		if (strncmp(setups[i], name, strlen(name)) == 0 &&
		    (setups[i][strlen(name)] == '\0' || setups[i][strlen(name)] == '='))
			return setups[i] + strlen(name) + (setups[i][strlen(name)] == '=');
	return NULL;
}

static int open_terminal(char *slave, size_t size)
{
	const struct winsize window = { .ws_row = 24, .ws_col = 100 };
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, slave, size) != 0 ||
	    ioctl(master, TIOCSWINSZ, &window) < 0)
		fail("posix_openpt");
	return high(master);
}

/* In the child: one setup. */
static void apply(const char *word)
{
	const char *equals = strchr(word, '=');
	const char *value = equals == NULL ? "" : equals + 1;
	int number = atoi(value);
	sigset_t only;

	if (strncmp(word, "in=", 3) == 0) {
		close(0);
		if (open(value, O_RDONLY) != 0)
			_exit(98);
	} else if (strncmp(word, "close=", 6) == 0) {
		close(number);
	} else if (strncmp(word, "fds=", 4) == 0) {
		for (int i = 0; i < number; i++)
			if (open(i % 2 == 0 ? "/dev/null" : "/dev/zero", i % 3 == 0 ? O_RDWR : O_RDONLY) < 0)
				_exit(98);
	} else if (strncmp(word, "ignore=", 7) == 0) {
		signal(number, SIG_IGN);
	} else if (strncmp(word, "block=", 6) == 0) {
		sigemptyset(&only);
		sigaddset(&only, number);
		sigprocmask(SIG_BLOCK, &only, NULL);
	} else if (strcmp(word, "pgrp") == 0) {
		setpgid(0, 0);
	} else if (strcmp(word, "session") == 0) {
		setsid();
	} else if (strncmp(word, "umask=", 6) == 0) {
		umask((mode_t)strtol(value, NULL, 8));
	} else if (strncmp(word, "files=", 6) == 0) {
		if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)number, (rlim_t)number }) < 0)
			_exit(98);
	} else if (strncmp(word, "cwd=", 4) == 0) {
		if (chdir(value) < 0)
			_exit(98);
	}
}

static pid_t start(char **argv)
{
	const char *typed = setup("pty"), *piped = setup("pipe");
	bool terminal = setup("terminal") != NULL, dialog = setup("dialog") != NULL;
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	char slave[64] = "";
	pid_t child;

	if (typed != NULL || terminal)
		to_tool = open_terminal(slave, sizeof slave);
	if (dialog || piped != NULL) {
		if (pipe(in) < 0 || pipe(out) < 0)
			fail("pipe");
		to_tool = high(in[1]);
		from_tool = high(out[0]);
	}
	if (terminal)
		from_tool = to_tool;
	fflush(stdout);
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		if (slave[0] != '\0') {
			setsid();
			close(0);
			if (open(slave, O_RDWR) != 0)
				_exit(98);
		}
		if (terminal && (dup2(0, 1) < 0 || dup2(0, 2) < 0))
			_exit(98);
		if (in[0] >= 0 && (dup2(in[0], 0) < 0 || close(in[0]) < 0))
			_exit(98);
		if (dialog && dup2(out[1], 1) < 0)
			_exit(98);
		if (out[1] >= 0)
			close(out[1]);
		for (int i = 0; i < setup_count; i++)
			apply(setups[i]);
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (in[0] >= 0) {
		close(in[0]);
		close(out[1]);
	}
	if (typed == NULL)
		typed = piped;
	if (typed != NULL && write(to_tool, typed, strlen(typed)) < 0)
		fail("write");
	if (piped != NULL)
		close(to_tool);
	return child;
}

static bool read_more(void)
{
	ssize_t n = read(from_tool, output + output_length, OUTPUT_MAX - 1 - output_length);

	if (n <= 0)
		return false;
	output_length += (size_t)n;
	output[output_length] = '\0';
	return true;
}

static void expect(const char *text)
{
	const char *found;

	while ((found = strstr(output + output_seen, text)) == NULL)
		if (!read_more())
			fail(text);
	output_seen = (size_t)(found - output) + strlen(text);
}

static char state_of(pid_t pid)
{
	char path[64], line[512], *end;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(line, sizeof line, file) == NULL)
		fail(path);
	fclose(file);
	end = strrchr(line, ')');
	return end == NULL ? '?' : end[2];
}

static void await_state(bool stopped)
{
	const char *ready = strstr(output, "ready ");
	pid_t tool = ready == NULL ? 0 : (pid_t)atoi(ready + strlen("ready "));

	for (int i = 0; i < POLLS; i++) {
		if ((state_of(tool) == 'T') == stopped)
			return;
		usleep(POLL_MICROSECONDS);
	}
	fail(stopped ? "the tool is not stopped" : "the tool is still stopped");
}

static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0';) {
		if (*from != '\\') {
			*to++ = *from++;
		} else if (from[1] == 'n') {
			*to++ = '\n';
			from += 2;
		} else {
			*to++ = (char)strtol((char[]){ from[1], from[2], from[3], '\0' }, NULL, 8);
			from += 4;
		}
	}
	*to = '\0';
}

static void converse(pid_t child)
{
	char line[1024];
	int status;

	while (fgets(line, sizeof line, stdin) != NULL) {
		char *word = strtok(line, " \n"), *rest = strtok(NULL, "\n");

		if (word == NULL)
			continue;
		if (rest != NULL)
			unescape(rest);
		if (strcmp(word, "send") == 0 && write(to_tool, rest, strlen(rest)) < 0)
			fail("write");
		if (strcmp(word, "expect") == 0)
			expect(rest);
		if (strcmp(word, "kill") == 0 && kill(child, atoi(rest)) < 0)
			fail("kill");
		if (strcmp(word, "close") == 0)
			close(to_tool);
		if (strcmp(word, "stopped") == 0 || strcmp(word, "continued") == 0) {
			if (waitpid(child, &status, WUNTRACED | WCONTINUED) != child)
				fail("waitpid");
			printf("%s: %x\n", word, (unsigned)status);
			await_state(word[0] == 's');
		}
	}
	while (read_more())
		;
	printf("--- output\n%s---\n", output);
}

static void call(char **argv)
{
	pid_t child = start(argv);
	int status;

	printf("tool is <%d>\n", (int)child);
	if (setup("dialog") != NULL || setup("terminal") != NULL)
		converse(child);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	printf("status %x\n", (unsigned)status & ~0x80u); /* without the core bit */
}

static void call_all(char **argv)
{
	const char *range = setup("each");
	int first = 0, last = 0, place = 0;
	char number[16];

	if (range == NULL) {
		call(argv);
		return;
	}
	while (argv[place] != NULL && strcmp(argv[place], "%") != 0)
		place++;
	if (argv[place] == NULL || sscanf(range, "%d-%d", &first, &last) != 2)
		fail(range);
	for (int i = first; i <= last; i++) {
		snprintf(number, sizeof number, "%d", i);
		argv[place] = number;
		printf("%d: ", i);
		call(argv);
	}
}

/* A process beside us that keeps the FIFO alive while none of the tool's ancestors has it open. */
static pid_t start_keeper(int *stop)
{
	int ends[2], ready[2], fd;
	char byte;
	pid_t keeper;

	if (pipe(ends) < 0 || pipe(ready) < 0)
		fail("pipe");
	ends[1] = high(ends[1]);
	keeper = fork();
	if (keeper == 0) {
		close(ends[1]);
		fd = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || write(fd, "abc", 3) != 3 || write(ready[1], "r", 1) != 1)
			_exit(98);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 98);
	}
	close(ends[0]);
	if (read(ready[0], &byte, 1) != 1)
		fail("the keeper");
	close(ready[0]);
	close(ready[1]);
	*stop = ends[1];
	return keeper;
}

static pid_t start_holder(int *stop)
{
	int in[2], out[2];
	char ready[6];
	pid_t holder;

	if (pipe(in) < 0 || pipe(out) < 0)
		fail("pipe");
	in[1] = high(in[1]);
	holder = fork();
	if (holder == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("probe", "probe", "wait", (char *)NULL);
		_exit(98);
	}
	close(in[0]);
	close(out[1]);
	if (read(out[0], ready, sizeof ready) != (ssize_t)sizeof ready)
		fail("the holder");
	close(out[0]);
	*stop = in[1];
	return holder;
}

static void end(pid_t child, int stop)
{
	int status;

	close(stop);
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("a helper ended badly");
}

static void count_tokens(void)
{
	int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC), tokens = -1;

	if (fd < 0 || ioctl(fd, FIONREAD, &tokens) < 0)
		fail("FIONREAD");
	close(fd);
	printf("tokens %d\n", tokens);
}

int main(int argc, char **argv)
{
	const char *where = argc > 1 ? argv[1] : "";
	int stop_keeper, stop_holder, status;
	pid_t keeper, holder, middle;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	alarm(HANG_SECONDS); /* a hang is our death, and the end of stdin for all below */
	fifo = getenv("PROBE_FIFO");
	setups = argv + 2;
	while (2 + setup_count < argc && strcmp(setups[setup_count], "--") != 0)
		setup_count++;
	argv += 2 + setup_count + 1;
	if (fifo == NULL || mkfifo(fifo, 0600) < 0)
		fail("mkfifo");
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	printf("caller is <%d> in <%d>\n", (int)getpid(), (int)getsid(0));
	if (strcmp(where, "token") == 0) {
		keeper = start_keeper(&stop_keeper);
		holder = start_holder(&stop_holder);
		call_all(argv);
		end(holder, stop_holder);
		count_tokens();
		end(keeper, stop_keeper);
	} else {
		int fd = high(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));

		if (write(fd, "abc", 3) != 3)
			fail("write");
		fflush(stdout);
		middle = strcmp(where, "implicit") == 0 ? fork() : 0;
		if (middle == 0 && strcmp(where, "implicit") == 0) {
			close(fd);
			alarm(HANG_SECONDS);
		}
		if (middle == 0)
			call_all(argv);
		if (middle == 0 && strcmp(where, "implicit") == 0)
			return fflush(stdout) != 0;
		if (middle > 0 && (waitpid(middle, &status, 0) != middle || status != 0))
			fail("the process between");
		count_tokens();
	}
	unlink(fifo);
	return fflush(stdout) != 0;
}
