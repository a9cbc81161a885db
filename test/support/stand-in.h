/* What programs share that lie in DIR/NAME and stand where a real tool is: DIR/bin/cc, gcc, ... are links to them.
 * Everything is found by /proc/self/exe, since builds clear environments; by STAND_IN where a build has no /proc. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_name, what, strerror(errno));
	exit(99);
}

static const char *tool_name(char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	return slash == NULL ? argv[0] : slash + 1;
}

static const char *own_file(void)
{
	const char *told = getenv("STAND_IN");

	return told != NULL && access("/proc/self/exe", F_OK) != 0 ? told : "/proc/self/exe";
}

/* Sets `path`, of PATH_MAX bytes, to DIR/name. */
static void find_beside(const char *name, char *path)
{
	char *slash;

	if (realpath(own_file(), path) == NULL)
		die("/proc/self/exe");
	slash = strrchr(path, '/');
	if ((size_t)(slash + 1 - path) + strlen(name) >= PATH_MAX)
		die(path);
	strcpy(slash + 1, name);
}

/* Sets `real`, of PATH_MAX bytes, to the next `name` on PATH behind the entry that leads to ourselves, else in /usr/bin. */
static void find_real(const char *name, char *real)
{
	struct stat self, other;
	const char *path = getenv("PATH");
	int seen = 0;

	if (stat(own_file(), &self) != 0)
		die("/proc/self/exe");
	while (path != NULL && *path != '\0') {
		int length = (int)strcspn(path, ":");

		snprintf(real, PATH_MAX, "%.*s/%s", length, path, name);
		path += length + (path[length] == ':');
		if (stat(real, &other) != 0 || access(real, X_OK) != 0)
			continue;
		if (other.st_dev == self.st_dev && other.st_ino == self.st_ino)
			seen = 1;
		else if (seen)
			return;
	}
	snprintf(real, PATH_MAX, "/usr/bin/%s", name);
}

/* Waits for the real tool to end and returns its status. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

#endif
