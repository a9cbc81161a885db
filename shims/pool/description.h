/* Open file descriptions: whether a process inherited one, or opened it itself (kcmp(2)). */
#ifndef DESCRIPTION_H
#define DESCRIPTION_H

#include <stdbool.h>

struct jobserver;
struct process;

/* Whether an ancestor has each of the process' descriptors of the jobserver, too: then the process merely carries them. False also if that
 * is not known: the ancestor is gone, or may not be compared. */
bool description_is_inherited(const struct process *process, const struct jobserver *jobserver);

#endif
