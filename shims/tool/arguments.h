/* What a tool's arguments tell about the run. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>

#include "contract.h"

/* What kind of run the arguments make it (contract.h). RUN_PROBE: no work worth a token, it prints its version, or has
 * no input. RUN_OTHER if the family is not known. */
enum run_kind arguments_kind(const char *family, char *const argv[]);

/* The file that the run is about, for people: what it compiles, of a link what it makes. Empty where the arguments don't
 * tell. */
const char *arguments_file(enum run_kind kind, char *const argv[]);

#endif
