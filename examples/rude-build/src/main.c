/* wordmill [--self-check | FILE]: the words of a text, the most frequent first. */
#include "wordmill.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, checks;

static void check(const char *what, bool holds)
{
	checks++;
	if (!holds) {
		failures++;
		fprintf(stderr, "wordmill: self-check: %s\n", what);
	}
}

static void check_text(const char *what, struct buffer *got, const char *wanted)
{
	check(what, slice_equal((struct slice){got->at, got->length}, slice_of(wanted)));
	buffer_free(got);
}

static int self_check(void)
{
	struct buffer out = {0};
	struct table table = {0};
	struct arena arena = {0};
	long longs[] = {5, -1, 3, 3, 0}, number = 0;
	struct slice names[] = {slice_of("pear"), slice_of("fig"), slice_of("apple")};

	check("trim", slice_equal(slice_trim(slice_of(" a b\n")), slice_of("a b")));
	check("arena", slice_equal(arena_copy(&arena, slice_of("abc")), slice_of("abc")));
	check("utf8 points", utf8_points(slice_of("na\xc3\xafve")) == 5 && !utf8_valid(slice_of("\xc0\x80")));
	check("lines", count_lines(slice_of("a\r\n\nb")) == 3);
	check("words", count_words(slice_of("It's one, two; three.")) == 4);
	check("fnv", hash_fnv(slice_of("foobar")) == 0xbf9cf968u);
	check("murmur", hash_murmur(slice_of("test"), 0) == 0xba6bd213u);
	check("adler", hash_adler(slice_of("Wikipedia")) == 0x11e60398u);
	check("crc32", crc32(slice_of("123456789")) == 0xcbf43926u);
	check("find", find(slice_of("a needle in hay"), slice_of("needle")) == 2);
	check("find nothing", find(slice_of("hay"), slice_of("needle")) == SIZE_MAX);
	check("glob", glob_matches(slice_of("*.[ch]"), slice_of("main.c")));
	check("glob not", !glob_matches(slice_of("[!a-m]*"), slice_of("main.c")));
	check("edit", edit_distance(slice_of("kitten"), slice_of("sitting")) == 3);
	check("parse", parse_number(slice_of("-42"), &number) && number == -42);
	check("parse too large", !parse_number(slice_of("99999999999999999999"), &number));
	sort_longs(longs, 5);
	check("sort longs", longs[0] == -1 && longs[2] == 3 && longs[4] == 5);
	sort_slices(names, 3);
	check("sort slices", slice_equal(names[0], slice_of("apple")));
	count_frequencies(&table, slice_of("the cat and the dog and the end"));
	check("frequency", *table_at(&table, slice_of("the")) == 3 && table.used == 5);
	ascii_title(&out, slice_of("the quick bROWN fox"));
	check_text("title", &out, "The Quick Brown Fox");
	utf8_add(&out, 0x20ac);
	check_text("utf8", &out, "\xe2\x82\xac");
	replace_all(&out, slice_of("one two one"), slice_of("one"), slice_of("1"));
	check_text("replace", &out, "1 two 1");
	line_difference(&out, slice_of("a\nb\nc\n"), slice_of("a\nc\nd\n"));
	check_text("difference", &out, " a\n-b\n c\n+d\n");
	wrap(&out, slice_of("the quick brown fox"), 10);
	check_text("wrap", &out, "the quick\nbrown fox\n");
	justify(&out, slice_of("a bc d"), 9);
	check_text("justify", &out, "a   bc  d");
	columns(&out, slice_of("a\tb\nccc\td\n"));
	check_text("columns", &out, "a    b\nccc  d\n");
	base64_encode(&out, slice_of("any carnal pleas"));
	check_text("base64", &out, "YW55IGNhcm5hbCBwbGVhcw==");
	check("base64 decode", base64_decode(&out, slice_of("bGVhc3VyZS4=")));
	check_text("base64 decoded", &out, "leasure.");
	roman(&out, 1994);
	check_text("roman", &out, "MCMXCIV");
	soundex(&out, slice_of("Ashcraft"));
	check_text("soundex", &out, "A261");
	number_in_words(&out, 1001217);
	check_text("numbers", &out, "one million one thousand two hundred seventeen");
	rot(&out, slice_of("Hello"), 13);
	check_text("rot", &out, "Uryyb");
	table_free(&table);
	arena_free(&arena);
	printf("wordmill: %d of %d self-checks passed\n", checks - failures, checks);
	return failures != 0;
}

int main(int argc, char **argv)
{
	struct buffer text = {0};
	struct table table = {0};
	size_t count = 0;
	int byte;
	FILE *file = argc > 1 && strcmp(argv[1], "--self-check") ? fopen(argv[1], "r") : stdin;

	if (argc > 1 && !strcmp(argv[1], "--self-check"))
		return self_check();
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	while ((byte = getc(file)) != EOF)
		buffer_byte(&text, ascii_lower((char)byte));
	count_frequencies(&table, (struct slice){text.at, text.length});
	for (size_t i = 0; i < table.room; i++)
		if (table.entries[i].key.at)
			table.entries[count++] = table.entries[i];
	if (count)
		sort_entries(table.entries, count);
	for (size_t i = 0; i < count; i++)
		printf("%6ld %.*s\n", table.entries[i].value, (int)table.entries[i].key.length, table.entries[i].key.at);
	table_free(&table);
	buffer_free(&text);
	return 0;
}
