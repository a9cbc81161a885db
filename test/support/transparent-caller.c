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
 *   held          waits until somebody in the terminal's foreground stands still before it begins; free FIFO  ends the `probe wait` that
 *                 reads there
 *   close         the end of the tool's stdin, or the terminal */
#define _GNU_SOURCE
#include "transparent-caller.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HIGH_FD = 600, HANG_SECONDS = 20 };

static const char *fifo;

void fail(const char *what)
{
	printf("caller: %s: %s\n--- so far:\n%s\n", what, strerror(errno), output_so_far());
	fflush(stdout);
	_exit(99);
}

int high(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (moved < 0)
		fail("fcntl");
	close(fd);
	return moved;
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
	int setups = 0, stop_keeper, stop_holder, status;
	pid_t keeper, holder, middle;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	alarm(HANG_SECONDS); /* a hang is our death, and the end of stdin for all below */
	fifo = getenv("PROBE_FIFO");
	while (2 + setups < argc && strcmp(argv[2 + setups], "--") != 0)
		setups++;
	take_setups(argv + 2, setups);
	argv += 2 + setups + 1;
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
