#include "wait/build.h"

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "pool/client.h"
#include "pool/jobkey.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "wait/job.h"

enum { ANCESTORS_MAX = 256 };

static bool is_client(const struct process *process, const struct subject *subject, const struct jobserver *jobserver, unsigned above)
{
	switch (client_of(process, jobserver, subject, above > 0)) {
	case CLIENT_YES:
	case CLIENT_OURS:
	case CLIENT_PAYER:
		return true;
	case CLIENT_NO:
	case CLIENT_HIDDEN:
	case CLIENT_UNKNOWN:
		break;
	}
	return false;
}

/* False if none can be seen. Nothing that belongs to the pool is above the `run` that made it. */
static bool find_topmost_client(const struct subject *subject, const struct job *job, const struct jobserver *jobserver,
                                const struct ledger *ledger, struct process *topmost)
{
	struct process at = job->client.pid > 0 ? job->client : subject->process, process;
	bool is_found = job->client.pid > 0;

	*topmost = job->client;
	for (unsigned i = 0; i < ANCESTORS_MAX && at.parent > 0 && !(is_found && ledger_owned_by(ledger, topmost)); i++) {
		if (!process_read(at.parent, &process))
			break;
		if (ledger_owned_by(ledger, &process) || is_client(&process, subject, jobserver, job->above)) {
			*topmost = process;
			is_found = true;
		}
		at = process;
	}
	return is_found;
}

struct build build_find(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger)
{
	struct build build = { .kind = BUILD_NAMED, .name = subject_variable(subject, ENV_JOB) };

	if (build.name != NULL && build.name[0] != '\0')
		return build;
	build.kind = BUILD_CLIENT;
	if (find_topmost_client(subject, job, jobserver, ledger, &build.client))
		return build;
	build.kind = BUILD_SESSION;
	build.session = subject->is_self ? getsid(0) : subject->process.session;
	return build;
}

uint64_t build_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger)
{
	const struct build build = build_find(subject, job, jobserver, ledger);

	switch (build.kind) {
	case BUILD_NAMED:
		return job_key(0, 0, 0, build.name);
	case BUILD_CLIENT:
		return job_key_of(&build.client, "build");
	case BUILD_SESSION:
		break;
	}
	return job_key(0, (uint64_t)build.session, 0, "session");
}
