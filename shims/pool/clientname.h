/* Clients and carriers by the name of their program: rows of the contract's table client_names. */
#ifndef CLIENTNAME_H
#define CLIENTNAME_H

#include <stdbool.h>
#include <sys/types.h>

#include "contract.h"

struct client_name;

enum { PROGRAM_MAX = 64 };

/* The name of a `look start` process, the parent of what `jobshim run` starts. The table has a row for it. */
#define STARTER_NAME PROCESS_STARTER

/* The row for a program of that name; NULL if it is no client or carrier. */
const struct client_name *client_named(const char *program);

/* The row of the program that pid runs. */
const struct client_name *client_program(pid_t pid);

/* The same, and that of a script which Python runs there. */
const struct client_name *client_script(pid_t pid);

/* Whether pid runs a program that, by its name, keeps the descriptors of a pipe jobserver to itself. */
bool client_by_name(pid_t pid);

#endif
