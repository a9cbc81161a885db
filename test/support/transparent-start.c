/* Starts the tool as the setups say; see transparent-caller.c. */
#define _GNU_SOURCE
#include "transparent-caller.h"

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
#include <unistd.h>

int to_tool = -1, from_tool = -1;
static char **setups;
static int setup_count;

void take_setups(char **words, int count)
{
	setups = words;
	setup_count = count;
}

const char *setup(const char *name)
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

pid_t start(char **argv)
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
