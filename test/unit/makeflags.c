/* pool/makeflags.c: what MAKEFLAGS ask for, and what becomes of them. test/jobserver/make-flags.test.ts holds the same against real makes. */
#include "pool/makeflags.h"

#include <stddef.h>

#include "check.h"
#include "pool/auth.h"

enum { NONE = -1 };

static const struct {
	const char *text;
	int jobs;
} asked[] = {
	{ "", NONE },
	{ "j", NONE },
	{ "kj8", 8 },
	{ "kj 8", 8 },
	{ " -j 8", 8 },
	{ "-j\t8", 8 },
	{ "-j8 -j", NONE },
	{ "-j8 -j3 -k", 3 },
	{ "-j -k 8", NONE },
	{ "--jobs=8", 8 },
	{ "--jobs 8", 8 },
	{ "--job 8", NONE }, /* four of make's options begin so */
	{ "-j8x", NONE },
	{ "-j0", NONE },
	{ "-j4 -j0", 4 },
	{ "-j3000000000", NONE },
	{ "-Ij8", NONE },
	{ "-I -j8", NONE },
	{ "-Oj8", NONE },
	{ "-l -j8", 8 },
	{ "--eval -j8", NONE },
	{ "--eval=A=x\\ -j8", NONE },
	{ "A=1\\ -j8", NONE },
	{ "A=1 -j8", 8 },
	{ "all j8", NONE },
	{ "k -- -j8", NONE },
	{ "\\-j\\8", 8 },
	{ "$(or k -j8)", NONE },
	{ "-k$$ -j8", 8 },
	{ "Ij=8 -k", NONE }, /* a variable: no letters */
};

static const struct {
	const char *text;
	double load;
} loads[] = {
	{ "", NONE },      { "-l4", 4 },      { "-l 2.5", 2.5 }, { "-l .5", .5 },          { "kl4", 4 },
	{ "-l4 -l", NONE }, { "-l4 -l2", 2 }, { "-l", NONE },    { "--load-average=3", 3 }, { "--max-load 3", 3 },
	{ "-l4x", 4 },     { "-lx", 0 },      { "-l-1", NONE },  { "-l\\4", 4 },           { "-- -l4", NONE },
	{ "-I -l4", NONE },
	{ "-l1111111111111111111111111111111111111111111111111111111111111111", 0 }, /* 64 digits: longer than any load */
};

static const struct {
	const char *text, *left; /* NULL: it names no jobserver, and stays */
} without[] = {
	{ "", NULL },
	{ "-j 8", NULL },
	{ "kj8 --jobserver-auth=3,4", "k" },
	{ "k --jobserver-auth fifo:/f -s", "k -s" },
	{ " -j4 --jobserver-fds=3,4 -k", " -k" },
	{ "--jobserver-auth=3,4 --jobserver-auth=-2,-2 -- A=1", " -- A=1" },
	{ "-Ia\\  -j8 --jobserver-auth=3,4", "-Ia\\ " },
	{ "-j8 --jobserver-auth=3,4 all", "- all" },
	{ "-l -j8 --jobserver-auth=3,4 .5", "-l - .5" },
	{ "-l --jobserver-auth=3,4 k", "-l k" },
	{ "-j0 --jobserver-auth=3,4", "-j0" }, /* make says what is wrong */
	{ "--jobserver-auth=x -k", " -k" },
	{ "--jobserver-style=pipe", NULL },
	{ "k -- --jobserver-auth=3,4", NULL },
};

static const struct {
	const char *text, *address, *with;
} replaced[] = {
	{ " -j4 --jobserver-auth=3,4 -k", "fifo:/f", " -j4 --jobserver-auth=fifo:/f -k" },
	{ "kj4 --jobserver-auth=3,4 --jobserver-auth=5,6", "fifo:/f", "kj4 --jobserver-auth=fifo:/f" },
	{ "-j4 --jobserver-auth=fifo:/g --jobserver-auth=-2,-2", "7,8", "-j4 --jobserver-auth=7,8" },
	{ "-j4 --jobserver-auth fifo:/g -- A=1", "fifo:/f", "-j4 --jobserver-auth fifo:/f -- A=1" },
	{ "-j4 --jobserver-auth=3,4", "fifo:/a b\\c", "-j4 --jobserver-auth=fifo:/a\\ b\\\\c" },
};

static const struct {
	const char *text;
	long jobs;
	double load;
} makeopts[] = {
	{ "", MAKEOPTS_NONE, NONE },
	{ "-j4", 4, NONE },
	{ "-j4 -l3.5", 4, 3.5 },
	{ "-j4\n-l3", 4, 3 },
	{ "-j", MAKEOPTS_UNBOUNDED, NONE },
	{ "-j 4", 4, NONE },
	{ "--jobs=4 --load-average=2", 4, 2 },
	{ "-j0", MAKEOPTS_REFUSED, NONE },
	{ "-j0 -j4", MAKEOPTS_REFUSED, NONE },
	{ "-j4x", MAKEOPTS_REFUSED, NONE },
	{ "j4", MAKEOPTS_NONE, NONE }, /* a goal: words of a command line have no letters without a dash */
	{ "-j8 -j3", 3, NONE },
};

static const struct {
	const char *word;
	bool has_load;
} words[] = {
	{ "-l4", true }, { "-l", true }, { "-kl", true }, { "--load-average", true }, { "--max-load=3", true }, { "-k", false },
	{ "l4", false }, { "all", false }, { "", false }, { "-Il", false }, { "A=-l4", false },
};

static const char *behind_name(const char *assignment)
{
	static const char name[] = "MAKEFLAGS=";

	return assignment == NULL || strncmp(assignment, name, strlen(name)) != 0 ? NULL : assignment + strlen(name);
}

static void check_writers(void)
{
	for (size_t i = 0; i < LENGTH(without); i++)
		check_text("makeflags_without_jobserver", without[i].text, behind_name(makeflags_without_jobserver(without[i].text)),
		           without[i].left);
	for (size_t i = 0; i < LENGTH(replaced); i++) {
		struct auth auth;
		const char *text = replaced[i].text;

		check_text("makeflags_with", text,
		           auth_find(text, &auth) ? behind_name(makeflags_with(text, &auth, replaced[i].address)) : auth.why,
		           replaced[i].with);
	}
}

/* What has no room in the block that all texts share, 256 KB, is not written. */
static void check_room(void)
{
	static char text[400000];
	long jobs;
	double load;

	memset(text, ' ', sizeof text - 1);
	memcpy(text, "--jobserver-auth=3,4", strlen("--jobserver-auth=3,4"));
	check_text("makeflags_without_jobserver", "400 KB", makeflags_without_jobserver(text), NULL);
	check_number("makeopts_read", "400 KB", makeopts_read(text, &jobs, &load), false);
}

int main(void)
{
	for (size_t i = 0; i < LENGTH(asked); i++)
		check_number("makeflags_jobs", asked[i].text, makeflags_jobs(asked[i].text), asked[i].jobs);
	for (size_t i = 0; i < LENGTH(loads); i++)
		check_decimal("makeflags_load", loads[i].text, makeflags_load(loads[i].text), loads[i].load);
	check_writers();
	for (size_t i = 0; i < LENGTH(makeopts); i++) {
		long jobs = 77;
		double load = 77;

		check_number("makeopts_read", makeopts[i].text, makeopts_read(makeopts[i].text, &jobs, &load) ? jobs : 77,
		             makeopts[i].jobs);
		check_decimal("makeopts_read, its load", makeopts[i].text, load, makeopts[i].load);
	}
	for (size_t i = 0; i < LENGTH(words); i++)
		check_number("make_word_has_load", words[i].word, make_word_has_load(words[i].word), words[i].has_load);
	check_room();
	return check_end();
}
