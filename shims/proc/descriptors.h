/* The descriptors that a process has open, as /proc tells them. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Calls visit for each descriptor that pid has open, in the order of their numbers, until it returns true. True if one did. directory is
 * that of pid's descriptors in /proc, name the descriptor's entry: quicker than the whole path. */
bool process_each_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state);

/* The same for a search of one descriptor among maybe many: in an order that most likely meets it early, and with numbers among them that
 * are not in use, which are ENOENT to visit. */
bool process_find_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state);

/* Closes our own from 3 on, but kept. */
void descriptors_close_but(int kept);

/* The open file that descriptor fd of process pid refers to, as stat() has it. */
bool process_stat_fd(pid_t pid, int fd, struct stat *status);

/* Whether the descriptor, as process_each_fd names it, has O_CLOEXEC set. */
bool process_fd_cloexec(int directory, const char *name);

/* Whether the standard streams of a process all have O_CLOEXEC set, which no one sets on them alone: libuv, and so each program that is built
 * from node, sets it on all that it has inherited (uv_disable_stdio_inheritance). */
bool process_marks_all(pid_t pid);

/* Calls visit for each lock that is held by it: from its first byte to its last one. The kernel makes one of two that touch. */
void process_fd_each_lock(int directory, const char *name, void (*visit)(uint64_t first, uint64_t last, void *state), void *state);

#endif
