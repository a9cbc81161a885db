/* sandbox/loader.c: what a loader, an emulator or valgrind is called to run. */
#include "sandbox/loader.h"

#include <stddef.h>

#include "check.h"
#include "words.h"

static const struct {
	const char *line, *program; /* NULL: none */
	enum loader loader;
} lines[] = {
	{ "ld.so /usr/bin/gcc -c a.c", "/usr/bin/gcc", LOADER_LIBC },
	{ "ld.so gcc", "gcc", LOADER_LIBC },
	{ "ld.so --library-path /a:/b --argv0 gcc ./gcc.real -c a.c", "./gcc.real", LOADER_LIBC },
	{ "ld.so --inhibit-cache --preload x.so gcc", "gcc", LOADER_LIBC },
	{ "ld-musl-x86_64.so.1 --library-path=/a -- --odd", "--odd", LOADER_LIBC },
	{ "ld.so", NULL, LOADER_LIBC },
	{ "ld.so --", NULL, LOADER_LIBC },
	{ "ld.so --argv0", NULL, LOADER_LIBC },
	{ "ld.so --argv0 gcc", NULL, LOADER_LIBC },
	{ "ld.so --list /usr/bin/gcc", NULL, LOADER_LIBC },
	{ "ld.so --library-path /a --verify /usr/bin/gcc", NULL, LOADER_LIBC },
	{ "ld.so --help", NULL, LOADER_LIBC },
	{ "ld.so --list-tunables", NULL, LOADER_LIBC },
	{ "qemu-aarch64-static /usr/bin/gcc -c a.c", "/usr/bin/gcc", LOADER_EMULATOR },
	{ "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max --E A=b -strace ./gcc -c a.c", "./gcc", LOADER_EMULATOR },
	{ "qemu-aarch64 -0 gcc gcc-14", "gcc-14", LOADER_EMULATOR },
	{ "qemu-aarch64 -version gcc", NULL, LOADER_EMULATOR },
	{ "qemu-aarch64 -L", NULL, LOADER_EMULATOR },
	{ "box64 gcc -c a.c", "gcc", LOADER_EMULATOR },
	{ "valgrind -q --tool=none --log-file=x gcc -c a.c", "gcc", LOADER_VALGRIND },
	{ "valgrind -- gcc", "gcc", LOADER_VALGRIND },
	{ "valgrind --version", NULL, LOADER_VALGRIND },
};

static const struct {
	const char *path;
	enum loader loader;
} paths[] = {
	{ "/lib64/ld-linux-x86-64.so.2", LOADER_LIBC },
	{ "/lib/ld-linux.so.2", LOADER_LIBC },
	{ "/lib/ld-musl-aarch64.so.1", LOADER_LIBC },
	{ "/lib/ld.so.1", LOADER_LIBC },
	{ "/lib/ld64.so.2", LOADER_LIBC },
	{ "/lib/ld-2.31.so", LOADER_LIBC },
	{ "/opt/musl/lib/libc.so", LOADER_LIBC },
	{ "/lib/libc.musl-x86_64.so.1", LOADER_LIBC },
	{ "/lib/ld.so", LOADER_LIBC },
	{ "/usr/bin/ld", LOADER_NONE },
	{ "/usr/bin/ld.bfd", LOADER_NONE },
	{ "/lib/libc.so.6", LOADER_NONE },
	{ "/usr/bin/ldd", LOADER_NONE },
	{ "/usr/bin/gcc", LOADER_NONE },
	{ "", LOADER_NONE },
	{ "/usr/bin/qemu-aarch64", LOADER_EMULATOR },
	{ "/usr/bin/qemu-x86_64-static", LOADER_EMULATOR },
	{ "/usr/bin/qemu-system-x86_64", LOADER_NONE },
	{ "/usr/local/bin/box64", LOADER_EMULATOR },
	{ "/usr/libexec/valgrind/memcheck-amd64-linux", LOADER_VALGRIND },
	{ "/usr/bin/valgrind.bin", LOADER_NONE },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct words words;
		char **program = loader_words(lines[i].loader, words_of(&words, lines[i].line));

		check_text("loader_words", lines[i].line, program == NULL ? NULL : program[0], lines[i].program);
	}
	for (size_t i = 0; i < LENGTH(paths); i++)
		check_number("loader_of", paths[i].path, loader_of(paths[i].path), paths[i].loader);
	return check_end();
}
