/* What the arguments of a tool tell about its run. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>

#include "contract.h"

/* The kind of run, by its arguments (contract.h). RUN_PROBE: it needs no slot, since it prints its version, or has no input. RUN_OTHER if
 * the family is not known. */
enum run_kind arguments_kind(const char *family, char *const argv[]);

/* The file that the run is about, for people: the source of a compile, the output of a link. Empty if the arguments don't tell. */
const char *arguments_file(enum run_kind kind, char *const argv[]);

#endif
