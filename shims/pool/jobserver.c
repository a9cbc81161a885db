#include "pool/jobserver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/file.h"

enum { FIRST_HANDED_FD = 10 }; /* scripts use the descriptors below for themselves */

bool jobserver_inherited(const struct jobserver *jobserver, const struct auth *auth)
{
	struct stat read_status, write_status;

	return auth->kind == AUTH_PIPE && inherited_fd(auth->read_fd, &read_status) &&
	       inherited_fd(auth->write_fd, &write_status) && jobserver_is(jobserver, &read_status) &&
	       jobserver_is(jobserver, &write_status);
}

bool jobserver_is(const struct jobserver *jobserver, const struct stat *status)
{
	return status->st_dev == jobserver->device && status->st_ino == jobserver->inode;
}

bool jobserver_is_inherited(const struct jobserver *jobserver)
{
	return jobserver->path[0] == '\0';
}

void jobserver_close(struct jobserver *jobserver)
{
	for (int i = 0; i < 2 && jobserver_is_inherited(jobserver) && !jobserver->socket; i++)
		close(jobserver->way[i]);
	if (jobserver->read_fd >= 0)
		close(jobserver->read_fd);
	if (jobserver->write_fd >= 0 && jobserver->write_fd != jobserver->read_fd)
		close(jobserver->write_fd);
	jobserver->read_fd = jobserver->write_fd = -1;
}

bool jobserver_hand_over(const struct jobserver *jobserver, int *read_fd, int *write_fd)
{
	const bool inherited = jobserver_is_inherited(jobserver), one = jobserver->accounts;
	int reading = inherited ? jobserver->read_fd : open_high(jobserver->path, one ? O_RDWR | O_NOCTTY : O_RDONLY);
	int writing = inherited ? jobserver->write_fd : one ? reading : open_high(jobserver->path, O_WRONLY);

	if (reading < 0 || writing < 0)
		return false;
	*read_fd = fcntl(reading, F_DUPFD, FIRST_HANDED_FD);
	*write_fd = fcntl(writing, F_DUPFD, FIRST_HANDED_FD);
	/* the ends stay open: closing any descriptor of this inode would drop our locks on it */
	return *read_fd >= 0 && *write_fd >= 0;
}
