#include "pool/systempool.h"

#include <string.h>
#include <sys/stat.h>

#include "contract.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "ground/trust.h"

bool system_pool_open(struct jobserver *jobserver)
{
	struct jobserver found = *jobserver;
	const char *ignored;
	struct stat status;

	/* Most machines have none. */
	if (lstat(SYSTEM_POOL, &status) < 0 || !S_ISFIFO(status.st_mode) || trust_of_directory(SYSTEM_DIRECTORY) != TRUSTED ||
	    !jobserver_open_path(&found, SYSTEM_POOL, &ignored))
		return false;
	found.own = false;
	*jobserver = found;
	return true;
}

bool system_pool_is(const struct jobserver *jobserver)
{
	return strcmp(jobserver->path, SYSTEM_POOL) == 0;
}
