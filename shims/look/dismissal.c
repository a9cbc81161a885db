#include "look/dismissal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "ledger/records.h"
#include "look/answer.h"
#include "look/owners.h"
#include "look/poolanswer.h"
#include "pool/jobserver.h"
#include "wait/opener.h"
#include "ground/clock.h"
#include "proc/process.h"

enum {
	ROUNDS_MAX = 20, /* a script goes on when its tool has ended, and its next tool waits, too */
	ENDS_MS = 1000,  /* what has not ended by then ignores the signal, as the payer of a client that lives does */
};

struct dismissal {
	const char *run; /* empty: any */
	struct pool_files pool;
	struct ledger *ledger;
	struct owners owners;
	struct pollfd ends[LEDGER_RECORD_COUNT]; /* of those that this round has signalled */
	size_t sent;
	pid_t deaf[LEDGER_RECORD_COUNT]; /* that did not end */
	size_t deaf_count;
	pid_t pids[LEDGER_RECORD_COUNT];
	long ended;
};

static bool note_owner(int proc, const char *number, void *state)
{
	struct dismissal *dismissal = state;
	struct opener opener;

	if (opener_read(&opener, &dismissal->pool, proc, number) && opener.ledger)
		owners_note(&dismissal->owners, opener.process.pid);
	return false;
}

/* It may have several slots, and still gather others. */
static bool is_waiting(const struct ledger_record *record)
{
	return record->state == STATE_WAITING || record->state == STATE_GATED || (record->state == STATE_HELD && record->gathers == 1);
}

static bool is_among(const pid_t pids[], size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool is_of_run(const struct dismissal *dismissal, pid_t pid)
{
	const size_t length = strlen(ENV_RUN);
	char *word, *end = process_words(pid, "environ", &word);

	if (*dismissal->run == '\0')
		return true;
	for (; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, ENV_RUN, length) == 0 && word[length] == '=')
			return strcmp(word + length + 1, dismissal->run) == 0;
	return false;
}

/* Who waits by that record: the tool itself, if a supervisor has the record; else who has its lock. 0: it can't be told. */
static pid_t waiter_of(const struct dismissal *dismissal, unsigned index, const struct ledger_record *record)
{
	struct process process;

	if (record->pid_namespace == 0)
		return dismissal->owners.of[index];
	/* The supervisor may not have seen its end yet. */
	if (!record_is_tools(record) || !process_read((pid_t)record->pid, &process) || process.zombie || record_is_older(record, &process))
		return 0;
	return process.pid;
}

/* Once the process is open its number can't come to mean another one: what is true then stays so. */
static bool still_waits(const struct dismissal *dismissal, unsigned index, const struct ledger_record *seen, pid_t pid)
{
	struct ledger_record now;

	return record_read(dismissal->ledger, index, &now) && is_waiting(&now) && now.pid == seen->pid && now.since == seen->since &&
	       record_owner(dismissal->ledger, index, &now) == OWNER_LIVES && waiter_of(dismissal, index, &now) == pid;
}

static bool send_end(int process)
{
#if defined SYS_pidfd_send_signal
	return syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) == 0;
#else
	(void)process;
	return false;
#endif
}

static void dismiss(unsigned index, const struct ledger_record *record, void *state)
{
	struct dismissal *dismissal = state;
	const pid_t pid = is_waiting(record) ? waiter_of(dismissal, index, record) : 0;
	int process;

	if (pid <= 0 || is_among(dismissal->pids, dismissal->sent, pid) || is_among(dismissal->deaf, dismissal->deaf_count, pid))
		return;
	process = process_open(pid);
	if (process < 0)
		return;
	if (!still_waits(dismissal, index, record, pid) || !is_of_run(dismissal, pid) || !send_end(process)) {
		close(process);
		return;
	}
	dismissal->pids[dismissal->sent] = pid;
	dismissal->ends[dismissal->sent++] = (struct pollfd){ .fd = process, .events = POLLIN };
}

static void await_ends(struct dismissal *dismissal)
{
	const uint64_t due = monotonic_ns() + ENDS_MS * 1000000ull;
	size_t left = dismissal->sent;
	uint64_t now;

	while (left > 0 && (now = monotonic_ns()) < due) {
		if (poll(dismissal->ends, dismissal->sent, (int)((due - now) / 1000000) + 1) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < dismissal->sent; i++) {
			if (dismissal->ends[i].fd < 0 || dismissal->ends[i].revents == 0)
				continue;
			close(dismissal->ends[i].fd);
			dismissal->ends[i].fd = -1;
			dismissal->ended++;
			left--;
		}
	}
	for (size_t i = 0; i < dismissal->sent; i++) {
		if (dismissal->ends[i].fd < 0)
			continue;
		close(dismissal->ends[i].fd);
		if (dismissal->deaf_count < LEDGER_RECORD_COUNT)
			dismissal->deaf[dismissal->deaf_count++] = dismissal->pids[i];
	}
}

bool dismissal_work(const struct self *self, char *const words[])
{
	static struct dismissal dismissal;
	struct jobserver jobserver;
	struct ledger ledger;
	struct answer answer = { .texts = { NULL } };

	(void)self;
	if (!answer_open(&jobserver, &ledger))
		return false;
	if (ledger.fd < 0)
		return refuse(ERROR_NO_LEDGER, ledger.why);
	dismissal.run = words[0];
	dismissal.ledger = &ledger;
	dismissal.pool = (struct pool_files){ .jobserver = &jobserver, .since = ledger.owner_start };
	if (fstat(jobserver.write_fd, &dismissal.pool.fifo) < 0 || fstat(ledger.fd, &dismissal.pool.ledger) < 0)
		return refuse_by_system(errno);
	dismissal.owners.ledger = dismissal.pool.ledger;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		dismissal.sent = 0;
		memset(dismissal.owners.of, 0, sizeof dismissal.owners.of);
		process_each(note_owner, &dismissal);
		if (!records_each(&ledger, dismiss, &dismissal) || dismissal.sent == 0)
			break;
		await_ends(&dismissal);
	}
	answer.numbers[DISMISS_ENDED] = dismissal.ended;
	return answer_print(LOOK_DISMISS, &answer);
}
