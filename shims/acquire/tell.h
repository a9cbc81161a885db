/* What a person is told of a run that did not get all that it asked for. */
#ifndef TELL_H
#define TELL_H

struct acquire;

/* Reports it, once the run waits no more; tool: as its caller has it. Nothing is said of a run that has all. */
void acquire_tell(const struct acquire *acquire, const char *tool);

#endif
