#include "ground/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "ground/file.h"
#include "ground/text.h"
#include "ground/visible.h"

enum { FORMAT_MAX = 256 };

static int stderr_open;
static void (*write_elsewhere)(const char *text);

void report_init(void)
{
	stderr_open = fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

/* How long the text is up to the format's first newline: what is named may have some, too. */
static size_t first_line(const char *format, va_list arguments)
{
	char head[FORMAT_MAX];
	const char *newline = strchr(format, '\n');
	int length;

	if (newline == NULL || (size_t)(newline - format) >= sizeof head)
		return REPORT_MAX;
	memcpy(head, format, (size_t)(newline - format));
	head[newline - format] = '\0';
	length = text_put_list(NULL, 0, head, arguments);
	return length < 0 ? 0 : (size_t)length;
}

static void write_line(int shown, const char *format, va_list arguments)
{
	char text[REPORT_MAX], line[REPORT_MAX + 2];
	va_list again;
	size_t used, first, all;
	int length;

	if (!shown && write_elsewhere == NULL)
		return;
	va_copy(again, arguments);
	first = first_line(format, again);
	va_end(again);
	length = text_put_list(text, sizeof text, format, arguments);
	if (length < 0)
		return;
	all = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
	used = (size_t)(stpcpy(line, "jobshim: ") - line);
	used += visible(line + used, sizeof line - 1 - used, text, first < all ? first : all);
	if (first < all) {
		line[used++] = '\n';
		used += visible(line + used, sizeof line - 1 - used, text + first + 1, all - first - 1);
	}
	line[used] = '\n';
	if (shown)
		write_whole(STDERR_FILENO, line, used + 1); /* if nobody reads it, the exit status still tells */
	line[used] = '\0';
	if (write_elsewhere != NULL)
		write_elsewhere(line + strlen("jobshim: "));
}

void report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(stderr_open, format, arguments);
	va_end(arguments);
}

void report_debug(const char *format, ...)
{
	const char *debug = getenv(ENV_DEBUG);
	va_list arguments;

	va_start(arguments, format);
	write_line(stderr_open && debug != NULL && strcmp(debug, "1") == 0, format, arguments);
	va_end(arguments);
}

void report_to(void (*write)(const char *text))
{
	write_elsewhere = write;
}
