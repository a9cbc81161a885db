#include "look/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "look/answer.h"
#include "pool/makeflags.h"
#include "pool/tokens.h"
#include "tool/freshen.h"
#include "tool/resolve.h"
#include "tool/version.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/retry.h"

/* Returns 0, or the error. */
static int make_fifo(const char *path)
{
	int result;

	result = RETRY(mkfifo(path, 0600));
	/* Whatever our umask is. */
	return result < 0 || chmod(path, 0600) < 0 ? errno : 0;
}

static const char *style_of_make(const struct self *self)
{
	char name[] = "make";
	struct resolution make;
	struct version version;

	resolve(self, name, &make);
	if (make.outcome != RESOLVED || !version_of(self->shim_dir, name, make.path, &version))
		return "fifo"; /* other makes ignore it */
	if (version.major > 4 || (version.major == 4 && version.minor >= 4))
		return "fifo";
	return version.major == 4 && version.minor >= 2 ? "pipe" : "legacy";
}

bool pool_prepare(const struct self *self, char *const words[])
{
	const int error = words[0][0] == '\0' ? 0 : make_fifo(words[0]);
	struct answer answer = { .texts = { NULL } };
	bool told;

	if (error != 0)
		return refuse_by_system(error);
	answer.texts[PREPARE_STYLE] = style_of_make(self);
	told = answer_print(LOOK_PREPARE, &answer);
	/* Notices tools that were replaced since the last build. */
	freshen_changed(self);
	return told;
}

/* Reports what is odd about MAKEOPTS. */
static bool refuse_makeopts(const char *makeopts)
{
	report("MAKEOPTS=\"%s\" asks for no number of jobs from 1 to %d: the build goes on without jobshim", makeopts,
	       LEDGER_POOL_MAX);
	return false;
}

/* Opens the FIFO of stdin anew, to keep stdin's flags: writes must not block if the kernel gives a pipe less room. */
static bool fill(long tokens)
{
	const int fd = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const bool is_full = fd >= 0 && tokens_put(fd, tokens) == tokens;

	if (!is_full)
		report("the phase's pool can't be filled (%s): the build goes on without jobshim", strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_full;
}

bool pool_fill(const struct self *self, char *const words[])
{
	const char *makeopts = getenv("MAKEOPTS") == NULL ? "" : getenv("MAKEOPTS");
	char bound[32] = "";
	double load;
	long jobs;

	(void)self;
	if (!makeopts_read(makeopts, &jobs, &load))
		return refuse_makeopts(makeopts);
	if (jobs == MAKEOPTS_NONE)
		jobs = 1;
	if (jobs == MAKEOPTS_UNBOUNDED)
		jobs = number_first(words[0]);
	if (jobs < 1 || jobs > LEDGER_POOL_MAX)
		return refuse_makeopts(makeopts);
	if (!fill(jobs - 1))
		return false;
	if (load >= 0)
		snprintf(bound, sizeof bound, "%.12g", load);
	return printf("%ld %s\n", jobs, bound) > 0 && fflush(stdout) == 0;
}
