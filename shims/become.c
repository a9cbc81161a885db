#include "become.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "contract.h"
#include "environment.h"
#include "report.h"

void close_told(int *argc, char ***argv)
{
	char **words = *argv;

	if (*argc < 3 || strcmp(words[1], "--closed") != 0)
		return;
	for (const char *at = words[2]; *at >= '0' && *at <= '2'; at++)
		close(*at - '0');
	words[2] = words[0];
	*argv += 2;
	*argc -= 2;
}

/* Returns, with errno, where no directory of PATH has a program of that name that can be executed. */
static void search(char *const argv[])
{
	const char *at = getenv("PATH");
	int error = ENOENT;

	for (;; at++) {
		char path[PATH_MAX];
		const size_t length = at == NULL ? 0 : strcspn(at, ":");

		if (at == NULL)
			break;
		if (snprintf(path, sizeof path, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", argv[0]) < (int)sizeof path) {
			exec_program(path, argv, environ);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
			if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
				break;
		}
		at += length;
		if (*at == '\0')
			break;
	}
	errno = error;
}

_Noreturn void become(char *const argv[])
{
	if (argv[0][0] == '\0')
		errno = ENOENT;
	else if (strchr(argv[0], '/') != NULL)
		exec_program(argv[0], argv, environ);
	else
		search(argv);
	if (errno == ENOENT || errno == ENOTDIR) {
		report("%s: not found\n  name a program that is on PATH, or give its path", argv[0]);
		_exit(EXIT_NOT_FOUND);
	}
	report("%s: %s\n  name a program that is on PATH, or give its path", argv[0],
	       errno == EACCES ? "not executable" : strerror(errno));
	_exit(EXIT_NOT_EXECUTABLE);
}
