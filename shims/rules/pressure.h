/* How long runs wait for what the machine has too little of: the kernel's pressure stall information. */
#ifndef PRESSURE_H
#define PRESSURE_H

#include <stdbool.h>

/* The percentage of the last ten seconds in which a process waited for it (PRESSURE_CPU ...): in our own cgroup (version 2), else on the
 * whole machine, which says little in a container. False if the kernel tells neither. */
bool pressure_look(int pressure, double *percent);

#endif
