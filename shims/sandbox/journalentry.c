#include "sandbox/journalentry.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acquire/acquire.h"
#include "contract.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/text.h"
#include "journal/journal.h"
#include "proc/process.h"
#include "proc/subject.h"
#include "sandbox/ending.h"
#include "sandbox/lines.h"
#include "sandbox/programs.h"
#include "sandbox/programwords.h"
#include "tool/arguments.h"
#include "wait/job.h"
#include "wait/solejob.h"

/* As much of each text as a line has room for. */
enum { TEXT_MAX = 1200 };

struct journal_entry {
	char *journal; /* that the tool's environment names, as that of a `run` inside ours does; NULL: ours */
	enum run_kind kind;
	uint64_t began_us, began_ns;
	char path[TEXT_MAX], file[TEXT_MAX], directory[TEXT_MAX];
};

static const char *journal; /* ours; NULL: none */

void journal_entries_open(const struct jobserver *jobserver, const struct ledger *ledger)
{
	journal = journal_path(jobserver, ledger);
}

static void keep(char text[TEXT_MAX], const char *told)
{
	text_put(text, TEXT_MAX, "%s", told == NULL ? "" : told);
}

static bool is_same(pid_t pid, const char *name)
{
	struct stat own, other;
	char path[48];

	text_put(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	if (!stat_path(path, &other))
		return false;
	text_put(path, sizeof path, "/proc/self/%s", name);
	return stat_path(path, &own) && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Another user's process must not have us write where it says, and in other namespaces the path means another file. */
static bool may_name_files(pid_t pid)
{
	struct stat status;
	char path[32];

	text_put(path, sizeof path, "/proc/%d", (int)pid);
	return stat_path(path, &status) && status.st_uid == geteuid() && is_same(pid, "ns/mnt") && is_same(pid, "root");
}

/* The journal that the tool's environment names, if it is another one. */
static const char *named_journal(const struct subject *subject)
{
	const char *named = subject_variable(subject, ENV_JOURNAL);

	if (named == NULL || *named == '\0' || (journal != NULL && strcmp(named, journal) == 0))
		return NULL;
	return may_name_files(subject->process.pid) ? named : NULL;
}

static struct journal_entry *make(const struct subject *subject)
{
	const char *named = named_journal(subject);
	struct journal_entry *entry;

	if (named == NULL && journal == NULL)
		return NULL;
	entry = calloc(1, sizeof *entry);
	if (entry != NULL && named != NULL)
		entry->journal = strdup(named); /* without memory for it, ours: if there is none, nothing is written */
	return entry;
}

void journal_entry_make(struct supervised *run, const struct program *program)
{
	struct journal_entry *entry = make(&run->subject);
	char path[32], **words;

	run->entry = entry;
	if (entry == NULL)
		return;
	entry->kind = program->kind;
	text_put(path, sizeof path, "/proc/%d/cwd", (int)run->subject.process.pid);
	keep(entry->directory, link_target(AT_FDCWD, path));
	keep(entry->path, program->loader == LOADER_NONE ? process_path(run->subject.process.pid)
	                                                  : program_loaded(run->subject.process.pid, program->loader));
	words = program_words(run->subject.process.pid, program->loader);
	keep(entry->file, words == NULL ? NULL : arguments_file(program->kind, words));
}

void journal_entry_begin(struct supervised *run)
{
	if (run->entry == NULL || run->entry->began_us != 0)
		return;
	run->entry->began_us = realtime_us();
	run->entry->began_ns = monotonic_ns();
}

static const char *slot_of(const struct supervised *run)
{
	if (run->is_free)
		return "caller";
	switch (run->acquire.slot.kind) {
	case SLOT_IMPLICIT:
		return run->is_callers ? "caller" : "implicit";
	case SLOT_TOKEN:
		return "token";
	default:
		return "overdraft";
	}
}

/* Of one that the launcher of a shim has started, that launcher writes the line; what is in the slot of a tool above is a part of that. */
static bool is_part_of_another(const struct supervised *run)
{
	return run->job.nested && (run->is_free || run->acquire.slot.kind == SLOT_IMPLICIT);
}

static bool has_line(const struct supervised *run)
{
	return run->entry != NULL && (run->entry->journal != NULL || journal != NULL) && run->may_go && !is_part_of_another(run) &&
	       (run->is_free || run->acquire.slot.kind != SLOT_NONE);
}

/* What it had and waited for; a run that its caller pays for, and no rule holds, asked for nothing. */
static void tell_slots(struct journal_run *ended, const struct supervised *run)
{
	const struct acquire *acquire = &run->acquire;

	ended->slot = slot_of(run);
	ended->slots = 1;
	ended->gate = GATE_NONE;
	if (run->is_free) {
		ended->job = job_of_callers(&run->subject, &run->job).key;
		return;
	}
	ended->slots = acquire_slots(acquire);
	ended->job = run->job.key;
	ended->gate = acquire->gate;
	ended->waited_ns = acquire->waited_ns;
	ended->gated_ns = acquire->gated_ns;
}

void journal_entry_write(const struct supervised *run)
{
	const struct journal_entry *entry = run->entry;
	struct journal_run ended;
	struct ending ending;

	if (!has_line(run))
		return;
	ending = ending_read(&run->subject.process, run->end);
	ended = (struct journal_run){
		.pid = run->subject.process.pid,
		.directory = entry->directory,
		.tool = run->tool,
		.path = entry->path,
		.kind = run_kind_names[entry->kind],
		.file = entry->file,
		.began_us = entry->began_us,
		.ran_ns = monotonic_ns() - entry->began_ns,
		.known = (ending.has_status ? JOURNAL_END : 0) | (ending.has_cpu ? JOURNAL_CPU : 0),
		.status = ending.status,
		.usage = { .ru_utime = ending.user, .ru_stime = ending.system },
	};
	tell_slots(&ended, run);
	journal_append(entry->journal != NULL ? entry->journal : journal, &ended);
}

void journal_entry_drop(struct supervised *run)
{
	if (run->entry != NULL)
		free(run->entry->journal);
	free(run->entry);
	run->entry = NULL;
}
