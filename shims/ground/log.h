/* The log: what is told people on stderr, which belongs to the build, also goes to the file that JOBSHIM_LOG names; so do the lines that
 * JOBSHIM_DEBUG=1 would show. Only `look` writes it: with a log the launcher becomes it first. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* Whether a log is named. */
bool log_is_wanted(void);

/* From now on all that is reported goes to the log, if one is wanted. name: whose lines they are; it must stay valid. */
void log_begin(const char *name);

#endif
