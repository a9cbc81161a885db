/* pool/jobs.c: the -j of each client that has an adapter. */
#include "pool/jobs.h"

#include "check.h"
#include "words.h"

static const struct {
	const char *family, *line;
	long jobs;
	const char *left; /* without each -j; NULL: all of it */
} lines[] = {
	{ "make", "", JOBS_UNSAID, NULL },
	{ "make", "make", JOBS_UNSAID, NULL },
	{ "make", "make -j4 all", 4, "make all" },
	{ "make", "make -j 4 all", 4, "make all" },
	{ "make", "make all -j", JOBS_UNBOUNDED, "make all" },
	{ "make", "make -j all", JOBS_UNBOUNDED, "make all" },
	{ "make", "make -kj8 all", 8, "make -k all" },
	{ "make", "make -kj 8 all", 8, "make -k all" },
	{ "make", "make -kj all", JOBS_UNBOUNDED, "make -k all" },
	{ "make", "make --jobs=8", 8, "make" },
	{ "make", "make --jobs 8 all", 8, "make all" },
	{ "make", "make --jobs", JOBS_UNBOUNDED, "make" },
	{ "make", "make --jobs8", JOBS_UNSAID, NULL },
	{ "make", "make --jobserver-auth=3,4", JOBS_UNSAID, NULL },
	{ "make", "make -j8 -k -j3", 3, "make -k" },
	{ "make", "make -j0", JOBS_ODD, "make" },
	{ "make", "make -j8x", JOBS_ODD, "make" },
	{ "make", "make -j=8", JOBS_ODD, "make" },
	{ "make", "make -j0 -j4", JOBS_ODD, "make" },
	{ "make", "make -j2147483646", 2147483646, "make" },
	{ "make", "make -j2147483647", JOBS_ODD, "make" },
	{ "make", "make -j99999999999999999999", JOBS_ODD, "make" },
	{ "make", "make -Cj8", JOBS_UNSAID, NULL },
	{ "make", "make -C -j8", JOBS_UNSAID, NULL },
	{ "make", "make -C -j8 -j2", 2, "make -C -j8" },
	{ "make", "make -C", JOBS_UNSAID, NULL },
	{ "make", "make -Oj8", JOBS_UNSAID, NULL },
	{ "make", "make -l -j8", 8, "make -l" },
	{ "make", "make --directory -j8", JOBS_UNSAID, NULL },
	{ "make", "make --eval -j8", JOBS_UNSAID, NULL },
	{ "make", "make --eval=x -j8", 8, "make --eval=x" },
	{ "make", "make -- -j8", JOBS_UNSAID, NULL },
	{ "make", "make A=-j8 -", JOBS_UNSAID, NULL },
	{ "bmake", "bmake -j4 all", 4, "bmake all" },
	{ "bmake", "bmake -j 4 all", 4, "bmake all" },
	{ "bmake", "bmake -j all", JOBS_ODD, "bmake" },
	{ "bmake", "bmake -j0", JOBS_ODD, "bmake" },
	{ "bmake", "bmake -Dj4 -kj2", 2, "bmake -Dj4 -k" },
	{ "bmake", "bmake --jobs=4", JOBS_UNSAID, NULL },
	{ "ninja", "ninja -j4 all", 4, "ninja all" },
	{ "ninja", "ninja -vj4", 4, "ninja -v" },
	{ "ninja", "ninja -j0", JOBS_UNBOUNDED, "ninja" },
	{ "ninja", "ninja -j all", JOBS_ODD, "ninja" },
	{ "ninja", "ninja -j", JOBS_UNBOUNDED, "ninja" },
	{ "ninja", "ninja -C -j8", JOBS_UNSAID, NULL },
	{ "ninja", "ninja --status -j8", JOBS_UNSAID, NULL },
	{ "ninja", "ninja --stat -j8 -j2", 2, "ninja --stat -j8" },
	{ "ninja", "ninja --status=x -j8", 8, "ninja --status=x" },
	{ "cmake", "cmake --build . -j4", 4, "cmake --build ." },
	{ "cmake", "cmake --build . --parallel 4", 4, "cmake --build ." },
	{ "cmake", "cmake --build . --parallel4", 4, "cmake --build ." },
	{ "cmake", "cmake --build . --parallel=4", 4, "cmake --build ." },
	{ "cmake", "cmake --build . -j=4", 4, "cmake --build ." },
	{ "cmake", "cmake --build . --parallel --verbose", JOBS_UNBOUNDED, "cmake --build . --verbose" },
	{ "cmake", "cmake --build . --parallels", JOBS_UNSAID, NULL },
	{ "cmake", "cmake --build . -vj4", JOBS_UNSAID, NULL },
	{ "cmake", "cmake --build . -- -j4", 4, "cmake --build . --" },
	{ "", "gcc -j4", JOBS_UNSAID, NULL },
};

static const struct {
	const char *family, *line;
	bool heeds;
} joining[] = {
	{ "ninja", "ninja -j4", false },
	{ "ninja", "ninja -j4 --jobserver-pool", true },
	{ "ninja", "ninja --jobserver -j4", true },
	{ "ninja", "ninja --", false },
	{ "ninja", "ninja -- --jobserver-pool", false },
	{ "ninja", "ninja --jobserver-pools", false },
	{ "make", "make --jobserver-pool", false },
	{ "", "gcc --jobserver-pool", false },
};

static void check_lines(void)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct words words;
		char left[LINE_MAX_BYTES];
		char **argv = words_of(&words, lines[i].line);

		check_number("jobs_read", lines[i].line, jobs_read(lines[i].family, argv), lines[i].jobs);
		check_text("jobs_read changes nothing", lines[i].line, line_of(argv, left, sizeof left), lines[i].line);
		jobs_drop(lines[i].family, argv);
		check_text("jobs_drop", lines[i].line, line_of(argv, left, sizeof left),
		           lines[i].left == NULL ? lines[i].line : lines[i].left);
	}
}

static void check_insert(const char *line, char *word, const char *wanted)
{
	struct words words;
	char found[LINE_MAX_BYTES];
	char **larger = jobs_insert(words_of(&words, line), word);

	check_text("jobs_insert", line, larger == NULL ? NULL : line_of(larger, found, sizeof found), wanted);
}

int main(void)
{
	char option[] = "-n";

	check_lines();
	for (size_t i = 0; i < LENGTH(joining); i++) {
		struct words words;

		check_number("jobs_heed", joining[i].line, jobs_heed(joining[i].family, words_of(&words, joining[i].line)),
		             joining[i].heeds);
	}
	check_insert("make", option, "make -n");
	check_insert("make -k all", option, "make -n -k all");
	check_insert("", option, NULL);
	return check_end();
}
