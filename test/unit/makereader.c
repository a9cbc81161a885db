/* pool/makereader.c: the options in MAKEFLAGS, one by one. */
#include "pool/makereader.h"
#include "pool/makeword.h"

#include "check.h"

/* Each option's bytes, in brackets if they are words of their own, with its argument behind a colon. */
static const struct {
	const char *makeflags, *flags;
} texts[] = {
	{ "", "" },
	{ " \t\n", "" },
	{ "ks", "k s " },
	{ " ks", "k s " },
	{ "kj8", "k j8:8 " },
	{ "-kj8", "k j8:8 " },
	{ "-k", "[-k] " },
	{ "-j8 -k", "[-j8:8] [-k] " },
	{ "-j 8 -k", "[-j 8:8] [-k] " },
	{ "kj 8", "k j 8:8 " },
	{ "-j all", "[-j] " },
	{ "-l .5", "[-l .5:.5] " },
	{ "-l x", "[-l] " },
	{ "-I a -Ib", "[-I a:a] [-Ib:b] " },
	{ "-I a\\ b -k", "[-I a\\ b:a\\ b] [-k] " },
	{ "-Otarget -O", "[-Otarget:target] [-O] " },
	{ "--jobs=8", "[--jobs=8:8] " },
	{ "--jobs 8", "[--jobs 8:8] " },
	{ "--jobs x", "[--jobs] " },
	{ "--jobserver-auth=3,4", "[--jobserver-auth=3,4:3,4] " },
	{ "--keep-going=x", "[--keep-going=x:x] " },
	{ "--nonsense", "[--nonsense] " },
	{ "--eval -j8", "[--eval -j8:-j8] " },
	{ "k -- -j8", "[k] " },
	{ "A=1 -k B=2", "[-k] " },
	{ "k all -s", "[k] [-s] " },
	{ "- -k", "[-k] " },
	{ "-j$(N) -k", "[-j$(N):$(N)] [-k] " },
	{ "-I $(a b) -k", "[-I $(a b):$(a b)] [-k] " },
	{ "-I ${a {b} c} -k", "[-I ${a {b} c}:${a {b} c}] [-k] " },
	{ "-I $(a -k", "[-I $(a -k:$(a -k] " },
	{ "-I $$(a -k", "[-I $$(a:$$(a] [-k] " },
	{ "-k\\", "k \\ " },
};

static void check_flags(const char *makeflags, const char *wanted)
{
	struct make_reader reader;
	struct make_flag flag;
	char found[256] = "", *at = found;

	make_reader_begin(&reader, makeflags);
	while (make_reader_next(&reader, &flag)) {
		at += sprintf(at, "%s%.*s", flag.whole ? "[" : "", (int)(flag.to - flag.from), flag.from);
		if (flag.argument != NULL)
			at += sprintf(at, ":%.*s", (int)flag.argument_length, flag.argument);
		at = stpcpy(at, flag.whole ? "] " : " ");
	}
	check_text("make_reader_next", makeflags, found, wanted);
}

enum { NO_JOBS = -1 };

static const struct {
	const char *makeflags;
	long jobs; /* of the first option */
} jobs[] = {
	{ "-j8", 8 },        { "-j", 0 },      { "j\\8", 8 },        { "-j0", NO_JOBS },
	{ "-j8x", NO_JOBS }, { "-k", NO_JOBS }, { "-j2147483647", 2147483647 },
	{ "-j2147483648", NO_JOBS },           { "-j99999999999999999999", NO_JOBS }, { "-j007", 7 },
	{ "-j$(N)", NO_JOBS },
};

static void check_jobs(const char *makeflags, long wanted)
{
	struct make_reader reader;
	struct make_flag flag;
	long found = NO_JOBS;

	make_reader_begin(&reader, makeflags);
	if (make_reader_next(&reader, &flag) && !make_flag_jobs(&flag, &found))
		found = NO_JOBS;
	check_number("make_flag_jobs", makeflags, found, wanted);
}

static const struct {
	const char *text, *said;
} escaped[] = {
	{ "", "" }, { "plain", "plain" }, { "a\\ b", "a b" }, { "\\\\", "\\" }, { "a\\", "a\\" }, { "\\a\\b", "ab" },
};

static const struct {
	const char *text;
	bool bare, number;
} beginnings[] = {
	{ "", false, false },   { " \t", false, false }, { "k", true, false },   { " 4", true, true },
	{ ".5", true, true },   { "-k", false, false },  { "A=1", false, false }, { "\\-k", false, false },
	{ "all -k", true, false },
};

static const struct {
	const char *word;
	bool takes;
} longs[] = {
	{ "eval", true },   { "eva", true },         { "eval=x", false },    { "directory", true }, { "file", true },
	{ "jobs", false },  { "keep-going", false }, { "nonsense", false },  { "", false },
	{ "a-name-that-is-longer-than-any-of-make", false },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(texts); i++)
		check_flags(texts[i].makeflags, texts[i].flags);
	for (size_t i = 0; i < LENGTH(jobs); i++)
		check_jobs(jobs[i].makeflags, jobs[i].jobs);
	for (size_t i = 0; i < LENGTH(escaped); i++) {
		char said[64];
		const size_t length = make_unescape(escaped[i].text, strlen(escaped[i].text), said);

		check_text("make_unescape", escaped[i].text, said, escaped[i].said);
		check_number("make_unescape, its length", escaped[i].text, (long long)length, (long long)strlen(escaped[i].said));
	}
	for (size_t i = 0; i < LENGTH(beginnings); i++) {
		check_number("make_begins_bare", beginnings[i].text, make_begins_bare(beginnings[i].text), beginnings[i].bare);
		check_number("make_begins_number", beginnings[i].text, make_begins_number(beginnings[i].text), beginnings[i].number);
	}
	for (size_t i = 0; i < LENGTH(longs); i++)
		check_number("make_long_takes_next", longs[i].word, make_long_takes_next(longs[i].word), longs[i].takes);
	return check_end();
}
