/* A plugin of gcc that writes down when the compiler works: `+ PID` and `- PID`, each one append to the file `log` beside it. It runs in
 * cc1, behind the driver whose run is counted, so nothing stands before a tool, and the object is the same. A compile lasts at least
 * HOLD_MS, so that two at once are seen as two. gcc's headers are not needed: of what it hands us only the path is used. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOLD_MS = 50 };

int plugin_is_GPL_compatible;

struct plugin_name_args {
	char *base_name;
	const char *full_name;
};

static int log_file;
static pid_t noted;

static void note(char sign)
{
	char line[32];
	const int length = snprintf(line, sizeof line, "%c %d\n", sign, (int)getpid());

	if (write(log_file, line, length) != length)
		_exit(99);
}

/* lto1 forks for parts of its work: these are no compiles of their own. */
static void note_end(void)
{
	if (getpid() == noted)
		note('-');
}

int plugin_init(struct plugin_name_args *names, void *version)
{
	const struct timespec hold = { .tv_nsec = HOLD_MS * 1000000L };
	char path[PATH_MAX], name[PATH_MAX];

	(void)version;
	if (strlen(names->full_name) >= sizeof path)
		return 1;
	strcpy(path, names->full_name);
	if (snprintf(name, sizeof name, "%s/log", dirname(path)) >= (int)sizeof name)
		return 1;
	log_file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (log_file < 0 || atexit(note_end) != 0)
		return 1;
	noted = getpid();
	note('+');
	nanosleep(&hold, NULL);
	return 0;
}
