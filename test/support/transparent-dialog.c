/* Talks to the tool as the lines on our stdin say; see transparent-caller.c. */
#define _GNU_SOURCE
#include "transparent-caller.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 65536, POLLS = 4000, POLL_MICROSECONDS = 5000 };

static char output[OUTPUT_MAX];
static size_t output_length, output_seen;

const char *output_so_far(void)
{
	return output;
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

/* Whether everybody in the terminal's foreground sleeps: whoever was continued has come to run, and waits. */
static bool foreground_sleeps(void)
{
	pid_t foreground = tcgetpgrp(to_tool);
	DIR *proc = opendir("/proc");
	bool sleeps = foreground > 0;

	if (proc == NULL)
		fail("/proc");
	for (struct dirent *entry; sleeps && (entry = readdir(proc)) != NULL;) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (isdigit((unsigned char)entry->d_name[0]) && getpgid(pid) == foreground)
			sleeps = state_of(pid) == 'S';
	}
	closedir(proc);
	return sleeps;
}

static void settle(void)
{
	for (int i = 0; i < POLLS; i++) {
		if (foreground_sleeps())
			return;
		usleep(POLL_MICROSECONDS);
	}
	fail("the foreground does not sleep");
}

/* Whether one of the terminal's foreground stands still in the call by which a program starts, as a tool that waits in a job sandbox does. */
static bool foreground_is_held(void)
{
	pid_t foreground = tcgetpgrp(to_tool);
	DIR *proc = opendir("/proc");
	bool held = false;

	if (proc == NULL)
		fail("/proc");
	for (struct dirent *entry; !held && (entry = readdir(proc)) != NULL;) {
		char path[300], text[32] = "";
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]) || getpgid((pid_t)atoi(entry->d_name)) != foreground)
			continue;
		snprintf(path, sizeof path, "/proc/%s/syscall", entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		held = fgets(text, sizeof text, file) != NULL && atoi(text) == SYS_set_tid_address && isdigit((unsigned char)text[0]);
		fclose(file);
	}
	closedir(proc);
	return held;
}

static void await_held(void)
{
	for (int i = 0; i < POLLS; i++) {
		if (foreground_is_held())
			return;
		usleep(POLL_MICROSECONDS);
	}
	fail("nobody is held");
}

static void put(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, "exit 0\n", 7) != 7)
		fail(path);
	close(fd);
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

void converse(pid_t child)
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
		if (strcmp(word, "settle") == 0)
			settle();
		if (strcmp(word, "held") == 0)
			await_held();
		if (strcmp(word, "free") == 0)
			put(rest);
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
