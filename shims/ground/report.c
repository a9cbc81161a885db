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

enum { LINE_MAX_BYTES = 4096, FORMAT_MAX = 256 };

static int stderr_open;

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
		return LINE_MAX_BYTES;
	memcpy(head, format, (size_t)(newline - format));
	head[newline - format] = '\0';
	length = text_put_list(NULL, 0, head, arguments);
	return length < 0 ? 0 : (size_t)length;
}

static void write_line(const char *format, va_list arguments)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 2];
	va_list again;
	size_t used, first, all;
	int length;

	if (!stderr_open)
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
	line[used++] = '\n';
	write_whole(STDERR_FILENO, line, used); /* if nobody reads it, the exit status still tells */
}

void report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}

void report_debug(const char *format, ...)
{
	const char *debug = getenv(ENV_DEBUG);
	va_list arguments;

	if (debug == NULL || strcmp(debug, "1") != 0)
		return;
	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}
