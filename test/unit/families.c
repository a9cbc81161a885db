/* tool/families.c: which family a name belongs to. test/shims/families.test.ts holds it against `jobshim install` in each name that there is. */
#include "tool/families.h"

#include <stddef.h>

#include "check.h"
#include "contract.h"

static const struct {
	const char *name, *family; /* NULL: it is no tool's */
} names[] = {
	{ "gcc", "gcc" },
	{ "g++-12.2.0", "gcc" },
	{ "c89-gcc", "gcc" },
	{ "x86_64-linux-gnu-gcc", "gcc" },
	{ "riscv64-unknown-elf-gcc-13", "gcc" },
	{ "i686-w64-mingw32-g++", "gcc" },
	{ "clang++-19", "clang" },
	{ "gfortran-12", "gfortran" },
	{ "go", "go" },
	{ "ld.mold", "ld" },
	{ "x86_64-linux-gnu-ld.gold", "ld" },
	{ "arm-none-eabi-ar", "ar" },
	{ "", NULL },
	{ "-", NULL },
	{ "-gcc", NULL },
	{ "gcc-", NULL },
	{ "gcc-x", NULL },
	{ "gcc-ar", NULL },
	{ "x86_64-linux-gnu-gcc-ranlib-12", NULL },
	{ "ccache-gcc", NULL },
	{ "i786-linux-gnu-gcc", NULL },
	{ "x86_64--gcc", NULL },
	{ "x86_64-a-b-c-d-gcc", NULL }, /* five parts are no triple */
	{ "x86_64-abcdefghijklmnopqrstuvwxyzabcdefghi-gcc", NULL },
	{ "clang-format", NULL },
	{ "llvm-as", NULL },
	{ "ldd", NULL },
};

static const struct {
	const char *family;
	bool is_part;
} parts[] = { { "as", true }, { "ld", true }, { "ar", true }, { "ranlib", true }, { "gcc", false }, { "", false } };

int main(void)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		const struct family_row *row = family_of(names[i].name);

		check_text("family_of", names[i].name, row == NULL ? NULL : row->family, names[i].family);
	}
	for (size_t i = 0; i < LENGTH(parts); i++)
		check_number("family_is_part", parts[i].family, family_is_part(parts[i].family), parts[i].is_part);
	return check_end();
}
