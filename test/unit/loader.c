/* sandbox/loader.c: what a dynamic loader is called to start. */
#include "sandbox/loader.h"

#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "words.h"

static const struct {
	const char *line, *program; /* NULL: none */
} lines[] = {
	{ "ld.so /usr/bin/gcc -c a.c", "/usr/bin/gcc" },
	{ "ld.so gcc", "gcc" },
	{ "ld.so --library-path /a:/b --argv0 gcc ./gcc.real -c a.c", "./gcc.real" },
	{ "ld.so --inhibit-cache --preload x.so gcc", "gcc" },
	{ "ld-musl-x86_64.so.1 --library-path=/a -- --odd", "--odd" },
	{ "ld.so", NULL },
	{ "ld.so --", NULL },
	{ "ld.so --argv0", NULL },
	{ "ld.so --argv0 gcc", NULL },
	{ "ld.so --list /usr/bin/gcc", NULL },
	{ "ld.so --library-path /a --verify /usr/bin/gcc", NULL },
	{ "ld.so --help", NULL },
	{ "ld.so --list-tunables", NULL },
};

static const struct {
	const char *name;
	bool is_one;
} names[] = {
	{ "ld-linux-x86-64.so.2", true }, { "ld-linux.so.2", true }, { "ld-musl-aarch64.so.1", true }, { "ld.so.1", true },
	{ "ld64.so.2", true },            { "ld-2.31.so", true },    { "libc.so", true },              { "libc.musl-x86_64.so.1", true },
	{ "ld", false },                  { "ld.bfd", false },       { "ld.so", true },                { "libc.so.6", false },
	{ "ldd", false },                 { "gcc", false },          { "", false },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct words words;
		char **program = loader_words(words_of(&words, lines[i].line));

		check_text("loader_words", lines[i].line, program == NULL ? NULL : program[0], lines[i].program);
	}
	for (size_t i = 0; i < LENGTH(names); i++)
		check_number("loader_is", names[i].name, loader_is(names[i].name), names[i].is_one);
	return check_end();
}
