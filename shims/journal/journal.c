#include "journal/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "pool/jobserver.h"
#include "ground/append.h"
#include "ground/report.h"
#include "ground/text.h"

/* Bytes of the line that a text may take. Together with the numbers they stay below JOURNAL_LINE_MAX. */
enum { TOOL_MAX = 128, PATH_TEXT_MAX = 960, FILE_TEXT_MAX = 1200, DIRECTORY_MAX = 1024, NUMBERS_MAX = 700 };

_Static_assert(TOOL_MAX + PATH_TEXT_MAX + FILE_TEXT_MAX + DIRECTORY_MAX + NUMBERS_MAX <= JOURNAL_LINE_MAX, "a line fits");

static const uint64_t US = 1000, SECOND_US = 1000000;

struct line {
	char text[JOURNAL_LINE_MAX];
	size_t length;
};

/* Without printf(), which would be a third of the journal's cost. What does not fit is left out. */
static void put(struct line *line, const char *text)
{
	const size_t length = strlen(text);

	if (length > sizeof line->text - line->length)
		return;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

/* At least so many digits. */
static void put_number(struct line *line, uint64_t number, unsigned digits, unsigned base)
{
	char text[24];
	size_t at = sizeof text - 1;

	text[at] = '\0';
	do {
		text[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (at > 0 && (number > 0 || sizeof text - 1 - at < digits));
	put(line, text + at);
}

static void put_key(struct line *line, const char *key)
{
	put(line, ",\"");
	put(line, key);
	put(line, "\":");
}

static void put_count(struct line *line, const char *key, uint64_t count)
{
	put_key(line, key);
	put_number(line, count, 1, 10);
}

/* How many bytes the character at text takes, 0 where they are no UTF-8 (RFC 3629: no overlong form, no surrogate). */
static size_t character_bytes(const unsigned char *text)
{
	const unsigned char first = text[0];
	const size_t bytes = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) || (first == 0xf0 && text[1] < 0x90) ||
	    (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return bytes;
}

/* Appends `,"key":"value"` in at most so many bytes; a longer value is cut between two characters. */
static void put_text(struct line *line, const char *key, const char *value, size_t most)
{
	const size_t end = line->length + most;

	put_key(line, key);
	put(line, "\"");
	for (const unsigned char *at = (const unsigned char *)value; *at != '\0';) {
		const size_t bytes = character_bytes(at);
		char escaped[8];
		size_t length;

		if (bytes == 0)
			memcpy(escaped, "\\ufffd", length = 6);
		else if (*at < 0x20 || *at == 0x7f)
			length = (size_t)text_put(escaped, sizeof escaped, "\\u%04x", *at);
		else if (*at == '"' || *at == '\\')
			escaped[0] = '\\', escaped[1] = (char)*at, length = 2;
		else
			memcpy(escaped, at, length = bytes);
		if (line->length + length + 1 > end)
			break;
		memcpy(line->text + line->length, escaped, length);
		line->length += length;
		at += bytes == 0 ? 1 : bytes;
	}
	put(line, "\"");
}

static void put_seconds(struct line *line, const char *key, uint64_t us)
{
	put_key(line, key);
	put_number(line, us / SECOND_US, 1, 10);
	put(line, ".");
	put_number(line, us % SECOND_US, 6, 10);
}

static uint64_t us_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * SECOND_US + (uint64_t)time->tv_usec;
}

/* By the call itself: musl's getcwd brings malloc along, a hundredth of the launcher. NULL: not known, or out of our root. */
static const char *here(char *room, size_t size)
{
	return syscall(SYS_getcwd, room, size) > 0 && room[0] == '/' ? room : NULL;
}

static void compose(struct line *line, const struct journal_run *ended)
{
	static const char *const gates[] = GATE_NAMES;
	const uint64_t ran_us = ended->ran_ns / US;
	const size_t gate = (size_t)ended->gate < sizeof gates / sizeof gates[0] ? (size_t)ended->gate : GATE_NONE;
	char directory[PATH_TEXT_MAX + 1];
	const char *in = ended->directory != NULL ? ended->directory : here(directory, sizeof directory);

	line->length = 0;
	put(line, "{\"jobshim\":");
	put_number(line, JOURNAL_VERSION, 1, 10);
	put(line, ",\"event\":\"tool\"");
	put_count(line, "pid", (uint64_t)ended->pid);
	put_seconds(line, "at", ended->began_us);
	put_text(line, "tool", ended->tool, TOOL_MAX);
	put_text(line, "path", ended->path, PATH_TEXT_MAX);
	put_text(line, "kind", ended->kind, TOOL_MAX);
	put_text(line, "file", ended->file, FILE_TEXT_MAX);
	put_text(line, "directory", in == NULL ? "" : in, DIRECTORY_MAX);
	put(line, ",\"job\":\"");
	put_number(line, ended->job, 1, 16);
	put(line, "\"");
	put_text(line, "slot", ended->slot, TOOL_MAX);
	put_count(line, "slots", ended->slots);
	put_seconds(line, "waitedSeconds", ended->waited_ns / US);
	put_seconds(line, "gatedSeconds", ended->gated_ns / US);
	put_text(line, "gate", gates[gate], TOOL_MAX);
	put_seconds(line, "ranSeconds", ran_us);
	if ((ended->known & JOURNAL_CPU) != 0) {
		put_seconds(line, "userSeconds", us_of(&ended->usage.ru_utime));
		put_seconds(line, "systemSeconds", us_of(&ended->usage.ru_stime));
	}
	if ((ended->known & JOURNAL_MEMORY) != 0)
		put_count(line, "memoryBytes", (uint64_t)ended->usage.ru_maxrss * 1024);
	if ((ended->known & JOURNAL_END) != 0) {
		if (WIFSIGNALED(ended->status))
			put_count(line, "signal", (uint64_t)WTERMSIG(ended->status));
		else
			put_count(line, "exit", (uint64_t)WEXITSTATUS(ended->status));
	}
	put(line, "}\n");
}

const char *journal_path(const struct jobserver *jobserver, const struct ledger *ledger)
{
	const char *named = getenv(ENV_JOURNAL), *kept;
	struct stat status;

	if (named != NULL && *named != '\0')
		return named;
	/* In an environment that was cleared. Not where others could have put it there: it is written with our rights. */
	if (!jobserver->own || ledger->fd < 0 || ledger->header->journal[0] != '/')
		return NULL;
	kept = (const char *)ledger->header->journal;
	if (memchr(kept, '\0', LEDGER_JOURNAL_BYTES) == NULL || fstat(ledger->fd, &status) < 0 ||
	    status.st_uid != geteuid() || (status.st_mode & 022) != 0)
		return NULL;
	return kept;
}

void journal_append(const char *path, const struct journal_run *ended)
{
	const char *why = NULL;
	struct line line;
	int fd = append_open(path, &why);

	if (fd < 0) {
		report_debug("%s: no journal: %s", path, why);
		return;
	}
	compose(&line, ended);
	if (!append_line(fd, line.text, line.length))
		report_debug("%s: no line in the journal: %s", path, strerror(errno));
	close(fd);
}
