/* The kernel's files about load, pressure and memory. A test links its launcher with a kernelfiles.c of its own. */
#ifndef KERNELFILES_H
#define KERNELFILES_H

#include <stdbool.h>

#include "rules/policy.h"

extern const char load_file[];                      /* proc_loadavg(5) */
extern const char *const pressure_files[PRESSURES]; /* of the whole machine */
extern const char memory_file[];                    /* proc_meminfo(5) */
extern const bool has_sysinfo;                      /* sysinfo(2) tells of the same memory, and is quicker */
extern const char own_cgroups_file[];               /* cgroups(7): the groups that we are in */
extern const char cgroup_directory[];               /* of version 2 */
extern const char memory_cgroup_directory[];        /* of version 1 */

#endif
