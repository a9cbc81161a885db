/* Stands where a real tool is and can be counted while it runs, killed or not: it holds a lock on a byte of its own (by its pid, and
 * its PID namespace, where others have the same) in DIR/count, which the kernel takes back whatever happens to it. Lies in DIR/counted; DIR/bin/cc ... are links to it.
 * Runs the next of its name on PATH behind DIR/bin as its child, and ends as that did. */
#define _GNU_SOURCE
#include "stand-in.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	struct stat namespace;
	pid_t child;
	int count, status;

	(void)argc;
	if (stat("/proc/self/ns/pid", &namespace) < 0)
		die("/proc/self/ns/pid");
	lock.l_start = (off_t)(namespace.st_ino & 0xffffffff) << 22 | getpid();
	find_beside("count", path);
	count = open(path, O_RDWR | O_CLOEXEC);
	if (count < 0 || fcntl(count, F_SETLK, &lock) < 0)
		die(path);
	find_real(tool_name(argv), real);
	argv[0] = real;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(real, argv);
		_exit(127);
	}
	status = wait_for(child);
	usleep(20000); /* long enough to be seen */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
