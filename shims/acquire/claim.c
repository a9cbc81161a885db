#include "acquire/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/records.h"
#include "pool/clientname.h"
#include "pool/makeflags.h"
#include "pool/tokens.h"
#include "wait/job.h"
#include "proc/process.h"
#include "proc/subject.h"

enum { SLOTS_MAX = 256 };

static const char NAME[] = "PARALLELISM";

/* 0: it is no number of slots. */
static unsigned slots_in(const char *text)
{
	char *rest;
	unsigned long slots;

	if (text[0] < '1' || text[0] > '9')
		return 0;
	errno = 0;
	slots = strtoul(text, &rest, 10);
	return errno == 0 && *rest == '\0' && slots <= SLOTS_MAX ? (unsigned)slots : 0;
}

/* Whether the client was started with the same: then who has set it is above. True where that can't be read. */
static bool was_given(pid_t client, const char *value)
{
	char *words, *end = process_words(client, "environ", &words);

	if (end == NULL)
		return true;
	for (const char *word = words; word < end; word += strlen(word) + 1)
		if (strncmp(word, NAME, sizeof NAME - 1) == 0 && word[sizeof NAME - 1] == '=')
			return strcmp(word + sizeof NAME, value) == 0;
	return false;
}

/* Whether the client may have so many: nobody has those that are free, and launchers have some. */
static bool may_be_taken(const struct subject *subject, unsigned tokens, const struct jobserver *jobserver, const struct ledger *ledger)
{
	const char *makeflags = subject_variable(subject, "MAKEFLAGS");
	const int jobs = makeflags == NULL ? -1 : makeflags_jobs(makeflags), free = tokens_free(jobserver);
	const long told = ledger_tokens(ledger), all = told >= 0 ? told : jobs - 1L; /* of a make: one slot is its own */
	long held, launchers;

	return free >= 0 && records_count(ledger, &held, &launchers) && (long)tokens + free + held <= all;
}

unsigned claim_of(const struct subject *subject, const struct job *job, const struct jobserver *jobserver, const struct ledger *ledger)
{
	const char *value = subject_variable(subject, NAME);
	const unsigned slots = value == NULL ? 0 : slots_in(value);

	if (!job->owed || slots < 2 || client_program(job->client.pid) != NULL || was_given(job->client.pid, value) ||
	    !may_be_taken(subject, slots - 1, jobserver, ledger))
		return 0;
	return slots - 1;
}
