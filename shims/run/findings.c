#include "run/findings.h"

#include "journal/journal.h"
#include "pool/find.h"
#include "pool/hidden.h"
#include "rules/policy.h"
#include "wait/solejob.h"
#include "run/run.h"
#include "ground/environment.h"
#include "ground/report.h"

static const double BLIND_PATIENCE = 5; /* seconds: it can't be told whether anybody works, and most compilers need less */

void findings_begin(struct findings *findings, struct run *run)
{
	findings->run = run;
	findings->facts = (struct facts){ .run = run };
	findings->why = "";
	findings->subject = subject_self();
}

void findings_jobserver(struct findings *findings)
{
	findings->facts.has_jobserver = jobserver_open(&findings->jobserver, &findings->why);
}

void findings_hidden(struct findings *findings)
{
	const struct jobserver *jobserver = &findings->jobserver;

	findings->facts.is_hidden = hidden_is_likely(jobserver);
	findings->facts.is_unpaid = hidden_is_unpaid(jobserver, job_launchers_above(&findings->subject, findings->run->builds));
}

void findings_equip(struct findings *findings)
{
	struct run *run = findings->run;

	run_read_policy(run, &findings->subject);
	run_add_engine(run);
	run->passes = run->passes && environment_put(run->prefix) && environment_put(run->cpp_prefix);
}

void findings_ledger(struct findings *findings, enum ledger_use use)
{
	ledger_open(&findings->ledger, &findings->jobserver, use);
	if (findings->ledger.fd < 0)
		report_debug("%s: no crash safety: %s", findings->run->tool, findings->ledger.why);
}

void findings_job(struct findings *findings)
{
	const struct run *run = findings->run;

	/* A foreign jobserver's ledger names no owner, and nobody sums up the runs in it: most runs need none at all. */
	if (findings->jobserver.own)
		findings_ledger(findings, LEDGER_MAKE);
	else
		ledger_none(&findings->ledger);
	findings->pool = (struct pool){
		.jobserver = &findings->jobserver,
		.ledger = &findings->ledger,
		.locks = { .fd = findings->jobserver.write_fd, .held = findings->locks, .room = FINDINGS_LOCKS_MAX },
	};
	findings->job = run->by_token ? job_that_pays(&findings->subject)
	                              : job_find(&findings->subject, &findings->jobserver, &findings->ledger, run->builds);
}

void findings_rules(struct findings *findings)
{
	struct run *run = findings->run;
	const struct job *job = &findings->job;

	if (job->nested) /* the run above has passed the gates */
		policy_none(&run->policy);
	else if (!job->ours && !run->builds) /* else make has looked */
		policy_heed_make(&run->policy, &findings->subject);
	findings->patience = run->settings.patience;
	if (job->blind && findings->patience > BLIND_PATIENCE)
		findings->patience = BLIND_PATIENCE;
	findings->facts.job = job;
	findings->facts.journal = journal_path(&findings->jobserver, &findings->ledger);
}
