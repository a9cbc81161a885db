/* kind FAMILY TOOL ARGS...: prints what kind of run the launcher takes it for, and the file that it is about. */
#include <stdio.h>

#include "tool/arguments.h"

int main(int argc, char **argv)
{
	enum run_kind kind;

	if (argc < 3)
		return 1;
	kind = arguments_kind(argv[1], argv + 2);
	return printf("%s %s\n", run_kind_names[kind], arguments_file(kind, argv + 2)) < 0;
}
