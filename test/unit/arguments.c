/* tool/arguments.c: what kind of run a command line makes it, and the file that it is about. */
#include "tool/arguments.h"

#include "check.h"
#include "words.h"

/* As real builds call them: autoconf, CMake, ccache, distcc, cargo, libtool, configure scripts. */
static const struct {
	enum run_kind kind;
	const char *family, *line;
} kinds[] = {
	{ RUN_COMPILE, "as", "as -o a.o a.s" },
	{ RUN_PROBE, "as", "as --version" },
	{ RUN_OTHER, "ar", "ar rcs liba.a a.o" },
	{ RUN_COMPILE, "clang", "clang++ -DX=1 -Iinclude -O2 -MD -MF a.d -o a.o -c a.cc" },
	{ RUN_COMPILE, "clang", "clang -cc1 -triple x86_64-pc-linux-gnu -emit-obj a.c" },
	{ RUN_LINK, "clang", "clang -fuse-ld=lld a.o -o a" },
	{ RUN_PREPROCESS, "clang", "clang -E -c a.c" },
	{ RUN_PROBE, "clang", "clang -print-resource-dir" },
	{ RUN_COMPILE, "gcc", "gcc -c -o a.o a.c" },
	{ RUN_COMPILE, "gcc", "gcc -x c -c -" },
	{ RUN_COMPILE, "gcc", "g++ -x c++-header all.h -o all.h.gch" },
	{ RUN_COMPILE, "gcc", "gcc -fsyntax-only a.c" },
	{ RUN_COMPILE, "gcc", "gcc -S a.c" },
	{ RUN_LINK, "gcc", "gcc a.c" },
	{ RUN_LINK, "gcc", "gcc -shared -Wl,-soname,liba.so -o liba.so a.o" },
	{ RUN_LINK, "gcc", "gcc -r -nostdlib -o all.o a.o b.o" },
	{ RUN_LINK, "gcc", "g++ @link.rsp" },
	{ RUN_PREPROCESS, "gcc", "gcc -E a.c" },
	{ RUN_PREPROCESS, "gcc", "gcc -MM -MG a.c" },
	{ RUN_PROBE, "gcc", "gcc -v" },
	{ RUN_PROBE, "gcc", "gcc -c" },
	{ RUN_PROBE, "gcc", "gcc -c a.c -dumpmachine" },
	{ RUN_PROBE, "gcc", "gcc" },
	{ RUN_COMPILE, "ghc", "ghc -O -c Main.hs" },
	{ RUN_LINK, "ghc", "ghc --make Main.hs" },
	{ RUN_COMPILE, "javac", "javac -d out A.java B.java" },
	{ RUN_LINK, "ld", "ld -o a a.o -lc" },
	{ RUN_PROBE, "ld", "ld -v" },
	{ RUN_OTHER, "ranlib", "ranlib liba.a" },
	{ RUN_COMPILE, "rustc", "rustc --crate-name a --crate-type lib --emit=dep-info,metadata,link src/lib.rs" },
	{ RUN_COMPILE, "rustc", "rustc --crate-name a --crate-type=rlib src/lib.rs" },
	{ RUN_COMPILE, "rustc", "rustc --crate-type bin --emit=dep-info,metadata src/main.rs" },
	{ RUN_LINK, "rustc", "rustc --crate-type bin --emit=dep-info,link src/main.rs" },
	{ RUN_LINK, "rustc", "rustc --crate-type lib --crate-type cdylib src/lib.rs" },
	{ RUN_LINK, "rustc", "rustc --crate-type lib --test src/lib.rs" },
	{ RUN_LINK, "rustc", "rustc a.rs" },
	{ RUN_PROBE, "rustc", "rustc - --crate-name ___ --print=file-names --crate-type bin" },
	/* A tool of no family: --version alone is a probe. */
	{ RUN_OTHER, "", "protoc -E" },
	{ RUN_PROBE, "", "protoc --version" },
	{ RUN_OTHER, "", "" },
};

/* What a journal calls a run by: of a link what it makes, else what it reads. */
static const struct {
	const char *file, *family, *line;
} files[] = {
	{ "a.c", "gcc", "gcc -DX=1 -Iinclude -MD -MF dep/a.c.d -o a.o -c a.c" },
	{ "src/a.cc", "gcc", "g++ -include config.h -isystem x.h -c src/a.cc -o a.o" },
	{ "a.o", "gcc", "gcc -x c -c - -o a.o" },
	{ "a", "gcc", "gcc a.c b.c -o a" },
	{ "a.c", "gcc", "gcc a.c b.c" },
	{ "a.o", "gcc", "gcc a.o b.o -lm" },
	{ "", "gcc", "gcc @link.rsp" },
	{ "liba.so", "ld", "ld -shared -T script.c --output=liba.so a.o" },
	{ "src/lib.rs", "rustc", "rustc --crate-name a --crate-type lib src/lib.rs --out-dir x" },
	{ "liba.a", "ar", "ar rcs liba.a a.o" },
	{ "a.c", "gcc", "gcc -c a.c -o" },
	{ "", "", "protoc" },
	{ "", "", "" },
};

int main(void)
{
	struct words words;

	for (size_t i = 0; i < LENGTH(kinds); i++)
		check_text("arguments_kind", kinds[i].line,
		           run_kind_names[arguments_kind(kinds[i].family, words_of(&words, kinds[i].line))],
		           run_kind_names[kinds[i].kind]);
	for (size_t i = 0; i < LENGTH(files); i++) {
		char **argv = words_of(&words, files[i].line);

		check_text("arguments_file", files[i].line, arguments_file(arguments_kind(files[i].family, argv), argv),
		           files[i].file);
	}
	return check_end();
}
