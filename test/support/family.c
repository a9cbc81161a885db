/* family NAME...: the family that each belongs to by the launcher's table, a line each; empty: none. */
#include <stddef.h>
#include <stdio.h>

#include "contract.h"
#include "tool/families.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct family_row *family = family_of(argv[i]);

		puts(family == NULL ? "" : family->family);
	}
	return 0;
}
