/* Which family of tools a name belongs to, as `jobshim install` has it (src/contract/families.ts). */
#ifndef FAMILIES_H
#define FAMILIES_H

#include <stdbool.h>

/* The row of contract.h that the name belongs to; NULL: it is no tool's. */
const struct family_name *family_of(const char *name);

/* Whether a tool of that family does a part of what compilers do: as, ld. What starts one need not stand for it. */
bool family_is_part(const char *family);

#endif
