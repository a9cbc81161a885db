#include "look/buildanswer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/records.h"
#include "look/answer.h"
#include "look/owners.h"
#include "look/poolanswer.h"
#include "pool/client.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "wait/build.h"
#include "wait/job.h"
#include "wait/opener.h"
#include "ground/number.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "proc/subject.h"

enum { CLIENTS_MAX = 1024 };

/* What one walk over all processes has found. */
struct sight {
	struct pool_files pool;
	struct ledger *ledger;
	struct owners owners;
	pid_t clients[CLIENTS_MAX]; /* those that have tokens without a record */
	size_t client_count;
	bool failed;
};

/* Whether it takes tokens for what it starts. */
static bool is_client(const struct opener *opener)
{
	const char *path = process_path(opener->process.pid);
	const struct client_name *client;

	if (!opener->open || path == NULL || is_of_shim_dir(path))
		return false;
	client = client_script(opener->process.pid);
	return client != NULL && client->holds != HOLDS_NOTHING && client->holds != HOLDS_ANY && !opener_carries(opener, client);
}

static bool note_process(int proc, const char *number, void *state)
{
	struct sight *sight = state;
	struct opener opener;

	if (!opener_read(&opener, &sight->pool, proc, number))
		return false;
	if (opener.ledger)
		owners_note(&sight->owners, opener.process.pid);
	if (sight->client_count < CLIENTS_MAX && is_client(&opener))
		sight->clients[sight->client_count++] = opener.process.pid;
	return false;
}

/* Of a process that starts tools, which is a part of the build that it is the client of. */
static bool is_client_itself(const struct subject *subject, const struct jobserver *jobserver)
{
	const enum client_answer answer = client_of(&subject->process, jobserver, subject, false);

	return answer == CLIENT_YES || answer == CLIENT_PAYER;
}

/* Fills the row's build. Environments of other users can't be read, and so not whether they name one. */
static void tell_build(const struct sight *sight, pid_t pid, struct answer *row)
{
	struct subject subject;
	struct build build;
	struct job job;
	char *words;

	row->texts[BUILDS_BUILD] = BUILD_IS_UNKNOWN;
	row->numbers[BUILDS_OF] = -1;
	row->texts[BUILDS_NAME] = "";
	errno = 0;
	if (pid <= 0 || (process_words(pid, "environ", &words) == NULL && errno != 0) || !subject_of(pid, &subject))
		return;
	job_of(&subject.process, &subject, sight->pool.jobserver, sight->ledger, job_launchers_above(&subject, false), &job);
	build = build_find(&subject, &job, sight->pool.jobserver, sight->ledger);
	if (build.kind == BUILD_SESSION && is_client_itself(&subject, sight->pool.jobserver)) {
		build.kind = BUILD_CLIENT;
		build.client = subject.process;
	}
	switch (build.kind) {
	case BUILD_NAMED:
		row->texts[BUILDS_BUILD] = BUILD_IS_NAMED;
		row->texts[BUILDS_NAME] = build.name;
		break;
	case BUILD_CLIENT:
		row->texts[BUILDS_BUILD] = BUILD_IS_CLIENT;
		row->numbers[BUILDS_OF] = build.client.pid;
		break;
	case BUILD_SESSION:
		row->texts[BUILDS_BUILD] = BUILD_IS_SESSION;
		row->numbers[BUILDS_OF] = build.session;
		break;
	}
}

/* The client that a payer pays for, by its command line (acquire/owed.c); 0 if it is none. */
static pid_t paid_by(pid_t pid)
{
	char *words, *end = process_words(pid, "cmdline", &words);
	uint64_t client = 0;

	for (int i = 0; i < 2; i++) {
		if (end == NULL || words >= end || (i == 1 && strcmp(words, "pay") != 0))
			return 0;
		words += strlen(words) + 1;
	}
	return words < end && number_read(words, INT32_MAX, &client) ? (pid_t)client : 0;
}

static void print_row(struct sight *sight, const struct answer *row)
{
	sight->failed = sight->failed || !answer_print(LOOK_BUILDS, row);
}

static void print_record(unsigned index, const struct ledger_record *record, void *state)
{
	struct sight *sight = state;
	const pid_t pid = record_is_tools(record) ? (pid_t)record->pid : sight->owners.of[index];
	const pid_t client = pid > 0 ? paid_by(pid) : 0;
	struct answer row = {
		.texts = { [BUILDS_IS] = BUILD_ROW_RECORD },
		.numbers = { [BUILDS_RECORD] = index, [BUILDS_PID] = pid > 0 ? pid : -1, [BUILDS_CLIENT] = client > 0 ? client : -1 },
	};

	tell_build(sight, client > 0 ? client : pid, &row);
	print_row(sight, &row);
}

static bool print_child(int proc, const char *number, void *state)
{
	struct sight *sight = state;
	struct process process;
	struct answer row = {
		.texts = { [BUILDS_IS] = BUILD_ROW_CHILD, [BUILDS_BUILD] = BUILD_IS_UNKNOWN, [BUILDS_NAME] = "" },
		.numbers = { [BUILDS_RECORD] = -1, [BUILDS_OF] = -1 },
	};

	(void)proc;
	if (!process_read((pid_t)number_first(number), &process) || process.zombie)
		return false;
	for (size_t i = 0; i < sight->client_count; i++) {
		if (sight->clients[i] != process.parent)
			continue;
		row.numbers[BUILDS_PID] = process.pid;
		row.numbers[BUILDS_CLIENT] = process.parent;
		print_row(sight, &row);
	}
	return false;
}

static void print_client(struct sight *sight, pid_t pid)
{
	struct answer row = {
		.texts = { [BUILDS_IS] = BUILD_ROW_CLIENT },
		.numbers = { [BUILDS_RECORD] = -1, [BUILDS_PID] = pid, [BUILDS_CLIENT] = -1 },
	};

	tell_build(sight, pid, &row);
	print_row(sight, &row);
}

bool answer_builds(const struct self *self, char *const words[])
{
	static struct sight sight;
	struct jobserver jobserver;
	struct ledger ledger;

	(void)self, (void)words;
	if (!answer_open(&jobserver, &ledger))
		return false;
	sight.pool = (struct pool_files){ .jobserver = &jobserver, .since = ledger.owner_start };
	sight.ledger = &ledger;
	/* Without a ledger no descriptor can be the ledger's. */
	if (fstat(jobserver.write_fd, &sight.pool.fifo) < 0 || (ledger.fd >= 0 && fstat(ledger.fd, &sight.pool.ledger) < 0))
		return refuse_by_system(errno);
	sight.owners.ledger = sight.pool.ledger;
	process_each(note_process, &sight);
	if (ledger.fd >= 0 && !records_each(&ledger, print_record, &sight))
		return false;
	for (size_t i = 0; i < sight.client_count; i++)
		print_client(&sight, sight.clients[i]);
	process_each(print_child, &sight);
	return !sight.failed;
}
