#include "wait/shells.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledgerfile.h"
#include "pool/clientname.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/text.h"

enum {
	FIRST_MARK = 4,    /* of a row: fewer are read as quickly as a note of them */
	LEAST_SKIPPED = 3, /* a note is for as many */
	VALID_MS = 1000,
	LARGE = 64,        /* so many descriptors of a program take longer to look at than a note */
};

/* The notes lie behind the path of the journal. Where that is longer it is no NUL that is read first. */
static struct {
	unsigned char before[8];
	struct shell_note notes[LEDGER_SHELL_NOTES];
} table;

enum { TABLE_AT = LEDGER_SHELL_NOTES_AT - sizeof table.before };

_Static_assert(LEDGER_SHELL_NOTES_AT + sizeof table.notes == offsetof(struct ledger_header, journal) + LEDGER_JOURNAL_BYTES,
               "the end of the path's room");

static uint32_t now_ms(void)
{
	return (uint32_t)(monotonic_ns() / 1000000);
}

void shells_begin(struct shells *shells, const struct jobserver *jobserver, const struct ledger *ledger)
{
	*shells = (struct shells){ .jobserver = jobserver, .ledger = ledger, .opened = { .fd = -1 }, .fd = -1 };
}

/* Reads what was noted. False if nothing can be noted here. */
static bool is_ready(struct shells *shells)
{
	struct stat status;
	int fd = shells->ledger->fd;

	if (shells->is_ready)
		return shells->fd >= 0;
	shells->is_ready = true;
	if (fd < 0) {
		ledger_open(&shells->opened, shells->jobserver, LEDGER_COPY);
		fd = shells->opened.fd;
	}
	if (fd < 0 || stat("/proc", &status) < 0 || !ledger_file_read(fd, &table, sizeof table, TABLE_AT) ||
	    table.before[sizeof table.before - 1] != '\0')
		return false;
	shells->proc = (uint64_t)status.st_dev;
	shells->since_ms = now_ms();
	shells->fd = fd;
	return true;
}

static size_t place_of(const struct process *shell)
{
	return (size_t)shell->pid % LEDGER_SHELL_NOTES;
}

/* Tells a note of this shell from all else: from that of another one, or of a PID namespace where the numbers are another's; from half a
 * note, since nobody locks anything, and a writer may be killed; from that of a walk for which the pool had another owner. */
static uint64_t check_of(const struct shells *shells, const struct process *shell, const struct shell_note *note)
{
	const uint64_t words[] = {
		shells->proc,
		(uint64_t)shells->ledger->owner,
		(uint64_t)shell->pid,
		(uint64_t)shell->parent,
		shell->start,
		note->top,
		note->top_start,
		note->since,
	};
	unsigned char bytes[sizeof words];

	memcpy(bytes, words, sizeof bytes);
	return hash(HASH_OF_NOTHING, bytes, sizeof bytes);
}

bool shells_are(const struct process *process)
{
	const struct client_name *name = client_named(process->comm);

	return name != NULL && name->means == CLIENT_CARRIER && !name->is_tool && strcmp(process->comm, STARTER_NAME) != 0;
}

/* Passes over what was noted, if the last one of the row is the same process as then, and a shell still. */
static bool skip(struct shells *shells, struct process *shell)
{
	const struct shell_note *note = &table.notes[place_of(shell)];
	struct process top;

	if (now_ms() - note->since > VALID_MS || note->check != check_of(shells, shell, note) ||
	    !process_read((pid_t)note->top, &top) || top.start != note->top_start || top.zombie || !shells_are(&top))
		return false;
	*shell = top;
	shells->since_ms = note->since;
	shells->skipped = true;
	return true;
}

/* Notes where the row ends, and begins the next one. */
static void leave(struct shells *shells)
{
	for (unsigned i = 0; i < shells->marks; i++) {
		struct shell_note note = {
			.top = (uint32_t)shells->top.pid,
			.since = shells->since_ms,
			.top_start = shells->top.start,
		};
		const off_t at = LEDGER_SHELL_NOTES_AT + (off_t)(place_of(&shells->marked[i]) * sizeof note);

		if (shells->passed < shells->places[i] + LEAST_SKIPPED)
			continue;
		note.check = check_of(shells, &shells->marked[i], &note);
		(void)ledger_file_write(shells->fd, &note, sizeof note, at); /* it is there, or it is not */
	}
	shells->passed = shells->marks = 0;
}

/* Of a row, some are marked: the next walk may begin at new ones, below these. */
static void mark(struct shells *shells, const struct process *shell)
{
	if (shells->marks == SHELL_MARKS || shells->passed < (unsigned)FIRST_MARK << shells->marks)
		return;
	shells->marked[shells->marks] = *shell;
	shells->places[shells->marks++] = shells->passed;
}

bool shells_pass(struct shells *shells, struct process *process)
{
	if (!shells_are(process)) {
		leave(shells);
		return false;
	}
	shells->passed++;
	if (shells->passed >= FIRST_MARK && is_ready(shells)) {
		/* Once in a walk: it ends also if somebody has written a circle. */
		if (!shells->skipped && skip(shells, process))
			shells->passed += LEAST_SKIPPED;
		else
			mark(shells, process);
	}
	shells->top = *process;
	return true;
}

/* Its descriptors are listed as quickly as a note is read. */
static bool is_small(const struct process *process)
{
	struct stat status;
	char path[32];

	text_put(path, sizeof path, "/proc/%d/fd", (int)process->pid);
	return !stat_path(path, &status) || status.st_size < LARGE; /* before Linux 6.2 it is 0 */
}

/* A row of its own, which it ends itself: no shell's is as short. */
bool shells_know(struct shells *shells, const struct process *process)
{
	const struct shell_note *note = &table.notes[place_of(process)];

	if (is_small(process) || !is_ready(shells) || now_ms() - note->since > VALID_MS || note->top != (uint32_t)process->pid ||
	    note->top_start != process->start || note->check != check_of(shells, process, note))
		return false;
	shells->skipped = true;
	return true;
}

void shells_note(struct shells *shells, const struct process *process)
{
	struct shell_note note = { .top = (uint32_t)process->pid, .top_start = process->start, .since = now_ms() };

	if (shells->fd < 0 || is_small(process))
		return;
	note.check = check_of(shells, process, &note);
	(void)ledger_file_write(shells->fd, &note, sizeof note, LEDGER_SHELL_NOTES_AT + (off_t)(place_of(process) * sizeof note));
}

void shells_end(struct shells *shells)
{
	leave(shells);
	if (shells->opened.fd >= 0)
		close(shells->opened.fd); /* it was not mapped */
}
