/* Which family of tools a name belongs to, by the same table as `jobshim install` (src/contract/families.ts). */
#ifndef FAMILIES_H
#define FAMILIES_H

#include <stdbool.h>

/* The row of contract.h for the name; NULL: no tool has it. */
const struct family_row *family_of(const char *name);

/* Whether a tool of that family does a part of a compiler's work: as, ld. The program that starts one need not be a wrapper. */
bool family_is_part(const char *family);

#endif
