/* A tool that writes down when it runs: `TOOL -c MILLISECONDS -o OUTPUT`, or `TOOL gcc -c ...` as distcc is called. Nothing stands before it,
 * so it is its own recorder: it appends "+ PID NAME\n" to the file `log` beside OUTPUT, whose name NAME is, as it starts, "- PID NAME\n" as
 * it ends; each is one append, so their order is that of the events. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int note(int log, char sign, const char *name)
{
	char line[64 + NAME_MAX];
	int length = snprintf(line, sizeof line, "%c %d %s\n", sign, (int)getpid(), name);

	return write(log, line, length) == length;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX], name[PATH_MAX];
	struct timespec time;
	const char *of;
	int log, out, ms;

	if (argc > 1 && argv[1][0] != '-') {
		argv++;
		argc--;
	}
	if (argc != 5 || strcmp(argv[1], "-c") != 0 || strcmp(argv[3], "-o") != 0 || strlen(argv[4]) >= sizeof path)
		return 2;
	ms = atoi(argv[2]);
	time = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	strcpy(path, argv[4]);
	of = strrchr(argv[4], '/');
	of = of == NULL ? argv[4] : of + 1;
	snprintf(name, sizeof name, "%s/log", dirname(path));
	log = open(name, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (log < 0 || !note(log, '+', of) || nanosleep(&time, NULL) < 0)
		return 3;
	out = open(argv[4], O_WRONLY | O_CREAT | O_EXCL, 0600);
	return out < 0 || write(out, "object\n", 7) != 7 || !note(log, '-', of) ? 4 : 0;
}
