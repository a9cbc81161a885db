/* Stands where a real tool is and can be counted while it runs, killed or not: it holds a lock on the byte of its pid in
 * DIR/count, which the kernel takes back whatever happens to it. Lies in DIR/counted; DIR/bin/cc ... are links to it.
 * Runs the next of its name on PATH behind DIR/bin as its child, and ends as that did. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void die(const char *what)
{
	fprintf(stderr, "counted: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void find_real(const char *name, char *real)
{
	struct stat self, other;
	const char *path = getenv("PATH");
	int seen = 0;

	if (stat("/proc/self/exe", &self) != 0)
		die("/proc/self/exe");
	while (path != NULL && *path != '\0') {
		int length = (int)strcspn(path, ":");

		snprintf(real, PATH_MAX, "%.*s/%s", length, path, name);
		path += length + (path[length] == ':');
		if (stat(real, &other) != 0)
			continue;
		if (other.st_dev == self.st_dev && other.st_ino == self.st_ino)
			seen = 1;
		else if (seen)
			return;
	}
	snprintf(real, PATH_MAX, "/usr/bin/%s", name);
}

int main(int argc, char **argv)
{
	char path[PATH_MAX + 8], real[PATH_MAX];
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = getpid(), .l_len = 1 };
	const char *slash = strrchr(argv[0], '/'), *name = slash == NULL ? argv[0] : slash + 1;
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	pid_t child;
	int count, status;

	(void)argc;
	if (length <= 0)
		die("/proc/self/exe");
	path[length] = '\0';
	strcpy(strrchr(path, '/'), "/count");
	count = open(path, O_RDWR | O_CLOEXEC);
	if (count < 0 || fcntl(count, F_SETLK, &lock) < 0)
		die(path);
	find_real(name, real);
	argv[0] = real;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(real, argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	usleep(20000); /* long enough to be seen */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
