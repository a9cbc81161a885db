#include "adapt/joining.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/adaption.h"
#include "ledger/ledger.h"
#include "pool/auth.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/opening.h"
#include "tool/version.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"

bool joining_speaks_fifo(const struct adaption *adaption)
{
	const struct adapter *adapter = adaption->adapter;

	return version_reaches(adaption->shim_dir, base_name(adaption->path), adaption->path, adapter->fifo_since_major,
	                       adapter->fifo_since_minor);
}

bool joining_names(const struct auth *auth, const struct jobserver *jobserver)
{
	const char *path = auth_path(auth);
	struct stat status;

	return path != NULL && stat(path, &status) == 0 && jobserver_is(jobserver, &status);
}

bool joining_is_hidden(const struct auth *auth, const struct jobserver *jobserver)
{
	const char *own = getenv(ENV_JOBSERVER), *path = auth->kind == AUTH_FIFO ? auth_path(auth) : NULL;
	struct auth named;
	struct stat status;

	return jobserver->own && own != NULL && path != NULL && auth_parse(own, strlen(own), &named) && named.kind == AUTH_FIFO &&
	       named.path_length == strlen(path) && memcmp(named.path, path, named.path_length) == 0 && !stat_path(path, &status);
}

bool joining_as_it_is(const struct adaption *adaption, const struct auth *auth)
{
	return auth->kind == AUTH_FIFO ? joining_names(auth, adaption->jobserver) : jobserver_inherited(adaption->jobserver, auth);
}

bool joining_means(const struct adaption *adaption, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	struct jobserver other;
	const char *why;
	bool same;

	if (auth->kind == AUTH_FIFO || jobserver_inherited(jobserver, auth))
		return joining_as_it_is(adaption, auth) || (auth->kind == AUTH_FIFO && joining_is_hidden(auth, jobserver));
	if (!jobserver_open_auth(&other, auth, &why))
		return jobserver->own;
	same = other.device == jobserver->device && other.inode == jobserver->inode;
	if (!same) {
		close(other.read_fd); /* ours stays open: see jobserver_hand_over */
		if (other.write_fd != other.read_fd)
			close(other.write_fd);
	}
	return same;
}

bool joining_is_jobshims(const struct jobserver *jobserver)
{
	return jobserver->own || ledger_slots_of(jobserver) >= 0;
}

bool joining_by_flags(struct adaption *adaption, const char *flags, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	char address[32];
	int read_fd, write_fd;

	if (auth->kind == AUTH_FIFO && !joining_is_hidden(auth, jobserver)) {
		if (!joining_names(auth, jobserver))
			return false;
		/* What stands behind backslashes only make reads. */
		if (joining_speaks_fifo(adaption) && (!auth->escaped || adaption->adapter->kind == ADAPTER_MAKE))
			return true;
	} else if (auth->kind == AUTH_PIPE) {
		if (jobserver_inherited(jobserver, auth))
			return true;
		if (!joining_is_jobshims(jobserver) || !joining_means(adaption, auth))
			return false;
	}
	if (!jobserver_hand_over(jobserver, &read_fd, &write_fd))
		return false;
	text_put(address, sizeof address, "%d,%d", read_fd, write_fd);
	adaption->assignment = makeflags_with(flags, auth, address);
	return adaption->assignment != NULL;
}

bool joining_by_path(struct adaption *adaption, const char *flags, const struct auth *auth)
{
	const struct jobserver *jobserver = adaption->jobserver;
	char address[PATH_MAX + sizeof "fifo:"];

	if (jobserver_is_inherited(jobserver)) {
		/* It has no path: its tools pay for themselves. */
		adaption->assignment = makeflags_without_jobserver(flags);
		return false;
	}
	if (auth_read_by_all(jobserver->path))
		text_put(address, sizeof address, "fifo:%s", jobserver->path);
	else
		text_put(address, sizeof address, "fifo:/proc/%d/fd/%d", (int)process_self_number(), jobserver->read_fd);
	adaption->assignment = makeflags_with(flags, auth, address);
	return adaption->assignment != NULL;
}
