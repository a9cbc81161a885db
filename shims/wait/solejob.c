#include "wait/solejob.h"

#include <stddef.h>
#include <unistd.h>

#include "pool/jobkey.h"
#include "proc/namespace.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "wait/job.h"

/* As who looks at all processes finds it. */
static pid_t number_in_proc(const struct subject *subject)
{
	const pid_t number = subject->is_self ? process_self_number() : subject->process.pid;

	return number > 0 ? number : getpid();
}

struct job job_of_callers(const struct subject *subject, const struct job *found)
{
	struct job job = *found;

	if (subject->is_self)
		pid_namespace_by_parent();
	/* Without the start time, which takes longer to read than all else here: its locks end with the process. */
	job.key = job_key(pid_namespace(), (uint64_t)number_in_proc(subject), 0, "");
	job.ours = false;
	job.claim = 0;
	return job;
}

struct job job_that_pays(const struct subject *subject)
{
	const struct job nobodys = { .pays = true };

	return job_of_callers(subject, &nobodys);
}
