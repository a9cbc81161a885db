#include "ground/log.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ground/append.h"
#include "ground/clock.h"
#include "ground/report.h"
#include "ground/text.h"
#include "ground/visible.h"

enum { NAME_MAX_BYTES = 256, HEAD_MAX = 384, SECOND_US = 1000000 };

static const char *whose;

bool log_is_wanted(void)
{
	const char *path = getenv(ENV_LOG);

	return path != NULL && *path != '\0';
}

/* Time, pid and name. In UTC: a build may set TZ, and the lines of one log are to follow each other. */
static size_t put_head(char *head, size_t room)
{
	const uint64_t now_us = realtime_us();
	const time_t now = (time_t)(now_us / SECOND_US);
	char name[NAME_MAX_BYTES];
	struct tm at;

	visible(name, sizeof name, whose, strlen(whose));
	if (gmtime_r(&now, &at) == NULL)
		memset(&at, 0, sizeof at);
	return (size_t)text_put(head, room, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ %d %s: ", (unsigned)at.tm_year + 1900, (unsigned)at.tm_mon + 1,
	                        (unsigned)at.tm_mday, (unsigned)at.tm_hour, (unsigned)at.tm_min, (unsigned)at.tm_sec,
	                        (unsigned)(now_us % SECOND_US), (int)getpid(), name);
}

/* The text, which most often begins with whose it is. */
static const char *behind_name(const char *text)
{
	const size_t length = strlen(whose);

	return strncmp(text, whose, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

/* Each line with its head: grep finds the second one, too. */
static size_t compose(char *to, const char *text)
{
	char head[HEAD_MAX];
	const size_t length = put_head(head, sizeof head);
	char *at = to;

	for (const char *line = behind_name(text); line != NULL;) {
		const char *newline = strchr(line, '\n');
		const size_t bytes = newline == NULL ? strlen(line) : (size_t)(newline - line);

		at = (char *)memcpy(at, head, length) + length;
		at = (char *)memcpy(at, line, bytes) + bytes;
		*at++ = '\n';
		line = newline == NULL ? NULL : newline + 1;
	}
	return (size_t)(at - to);
}

static void append(const char *text)
{
	const char *path = getenv(ENV_LOG), *why = NULL;
	char lines[REPORT_MAX + 2 * HEAD_MAX + 2];
	const int error = errno;
	const int fd = path == NULL ? -1 : append_open(path, &why);

	if (fd < 0 || !append_line(fd, lines, compose(lines, text))) {
		report_to(NULL); /* it is told once */
		report_debug("%s: no log: %s", path == NULL ? ENV_LOG : path, fd < 0 && why != NULL ? why : strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	errno = error;
}

void log_begin(const char *name)
{
	whose = name;
	report_to(log_is_wanted() ? append : NULL);
}
