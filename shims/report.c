#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"

static int stderr_open;

void report_init(void)
{
	stderr_open = fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

static void write_line(const char *format, va_list arguments)
{
	char line[4096] = "jobshim: ";
	size_t used = strlen(line);
	int length;

	if (!stderr_open)
		return;
	length = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
	if (length < 0)
		return;
	used += (size_t)length < sizeof line - used - 1 ? (size_t)length : sizeof line - used - 2;
	line[used++] = '\n';
	for (size_t done = 0; done < used;) {
		ssize_t n = write(STDERR_FILENO, line + done, used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads: the status still tells */
		done += (size_t)n;
	}
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
