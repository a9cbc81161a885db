/* kind FAMILY TOOL ARGS...: prints what kind of run the launcher takes it for. */
#include <stdio.h>

#include "arguments.h"

int main(int argc, char **argv)
{
	return argc < 3 || puts(run_kind_names[arguments_kind(argv[1], argv + 2)]) < 0;
}
