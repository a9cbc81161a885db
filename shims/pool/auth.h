/* The jobserver's address as clients write it: --jobserver-auth and its older spelling (GNU make manual, "Job Slots"). */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>

struct auth {
	enum auth_kind { AUTH_NONE, AUTH_FIFO, AUTH_PIPE } kind;
	bool legacy;           /* spelled --jobserver-fds: make <= 4.1, which never sets O_CLOEXEC */
	const char *why;       /* AUTH_NONE: what is wrong, for people */
	const char *argument;  /* where the address is in makeflags; NULL if it came from elsewhere */
	int read_fd, write_fd; /* AUTH_PIPE */
	const char *path;      /* AUTH_FIFO: in the text that was parsed, of path_length bytes; use auth_path() */
	size_t path_length;
	bool escaped;          /* it has backslashes of MAKEFLAGS */
};

/* Parses one address, "fifo:PATH" or "R,W", that is not escaped. False, with auth->why set, if it is neither. */
bool auth_parse(const char *text, size_t length, struct auth *auth);

/* Finds the last address in MAKEFLAGS before " -- ". Negative fds ("not for you", make 4.4 in pipe style) leave the
 * earlier pair in force: it is reached through the ancestor that has it. False, with auth->why set, if there is none. */
bool auth_find(const char *makeflags, struct auth *auth);

/* The path of an AUTH_FIFO, in memory of its own. NULL if there is no room for it (arena.h). */
const char *auth_path(const struct auth *auth);

/* Whether all clients read a FIFO's path as it is written (src/ground/readable-path.ts). */
bool auth_read_by_all(const char *path);

#endif
