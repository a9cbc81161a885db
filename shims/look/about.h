/* What the launcher tells of itself and of the kernel below it, for `jobshim doctor`. */
#ifndef ABOUT_H
#define ABOUT_H

#include <stdbool.h>

/* Prints, each ended by a NUL: `static` or `dynamic`, the libc, and for each feature of the kernel that launchers use its name and
 * why it can't be used, empty where it can. False where it can't be printed. */
bool about_print(void);

#endif
