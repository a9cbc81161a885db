/* What an address leads to. Only here it is decided what may be a jobserver, by the tables of src/contract/addresses.ts. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

enum address_kind {
	ADDRESS_NONE,
	ADDRESS_PIPE,   /* a FIFO or a pipe: any process that has it open can fill it */
	ADDRESS_SERVED, /* a device, or a file of a file system that is a program (FUSE): its server fills it */
	ADDRESS_SOCKET, /* the process at its other end fills it */
};

/* What a file with this status may be. ADDRESS_NONE, with *why set for people, if it is no jobserver. */
enum address_kind address_kind(const struct stat *status, const char **why);

/* Why an open file of that kind is no jobserver after all; NULL: it may be one. */
const char *address_fault(enum address_kind kind, int fd);

/* What R and W of process pid (0: we) are, if both are one file. ADDRESS_NONE, with *why set for people, if they are no jobserver; *why is
 * NULL if one of them is not open. */
enum address_kind address_of_pair(pid_t pid, int read_fd, int write_fd, const char **why);

#endif
