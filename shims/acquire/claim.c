#include "acquire/claim.h"

#include <stdint.h>
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
#include "ground/number.h"

enum { SLOTS_MAX = 256 };

static const char NAME[] = "PARALLELISM";

/* 0: it is not a number of slots. */
static unsigned slots_in(const char *text)
{
	uint64_t slots;

	return text[0] != '0' && number_read(text, SLOTS_MAX, &slots) ? (unsigned)slots : 0;
}

/* Whether the client was started with the same value: then a process above the client has set it. True if that can't be read. */
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

/* Whether the client can hold so many: free tokens and those of launchers are not the client's. */
static bool may_be_taken(const struct subject *subject, unsigned tokens, const struct jobserver *jobserver, const struct ledger *ledger)
{
	const char *makeflags = subject_variable(subject, "MAKEFLAGS");
	const int jobs = makeflags == NULL ? -1 : makeflags_jobs(makeflags), free = tokens_free(jobserver);
	const long told = ledger_tokens(ledger), all = told >= 0 ? told : jobs - 1L; /* of a make: one slot is its own */
	long held, launchers;

	return free >= 0 && records_count(ledger, &held, &launchers) && (long)tokens + free + held <= all;
}

bool claim_is_likely(void)
{
	return getenv(NAME) != NULL;
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
