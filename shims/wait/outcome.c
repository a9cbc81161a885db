#include "wait/outcome.h"

#include <stdarg.h>

#include "ground/report.h"
#include "ground/text.h"
#include "proc/process.h"

bool outcome_blind(struct census *census, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_put_list(census->why, sizeof census->why, format, arguments);
	va_end(arguments);
	census->blind = true;
	return false;
}

void outcome_held(struct census *census, const struct process *process, long tokens)
{
	census->held += tokens;
	report_debug("census: %d (%s) may hold %ld", (int)process->pid, process->comm, tokens);
}
