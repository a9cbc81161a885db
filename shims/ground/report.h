/* Messages for people: one line that says what is wrong and at which place, one that says what to do. */
#ifndef REPORT_H
#define REPORT_H

/* Notes whether stderr is open; must run before anything opens a descriptor. */
void report_init(void);

/* Writes "jobshim: ..." and a newline to stderr, if that was open at the start. The format may have one newline, before what is
 * to be done; what it names can't add any, nor anything else that a terminal would not show. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As report, and to stderr only with JOBSHIM_DEBUG=1. */
void report_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Has each text given to write, too, without "jobshim: " and the last newline: less than REPORT_MAX bytes of one line or two. NULL: no more. */
enum { REPORT_MAX = 4096 };
void report_to(void (*write)(const char *text));

#endif
