/* Open file descriptions: whether a process inherited one, or has opened it by itself (kcmp(2)). */
#ifndef DESCRIPTION_H
#define DESCRIPTION_H

#include <stdbool.h>

struct jobserver;
struct process;

/* Whether each descriptor of the jobserver that the process has is one that an ancestor has, too: it merely carries them. False also if
 * that can't be told: the ancestor is gone, or may not be compared. */
bool description_is_inherited(const struct process *process, const struct jobserver *jobserver);

#endif
