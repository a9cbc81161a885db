/* MAKEFLAGS for a program that the launcher starts. */
#ifndef MAKEFLAGS_H
#define MAKEFLAGS_H

struct auth;

/* The "MAKEFLAGS=..." with address in place of auth, which is the last one of makeflags. NULL where there is no room. */
char *makeflags_with(const char *makeflags, const struct auth *auth, const char *address);

/* The same without GNU make's -jN and address; NULL where it has no address, or there is no room. What else GNU make said
 * stays: a -n must not get lost. */
char *makeflags_without_jobserver(const char *makeflags);

#endif
