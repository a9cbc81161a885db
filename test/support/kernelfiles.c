/* In the place of shims/rules/kernelfiles.c: what a test writes into the directory KERNEL. */
#include "rules/kernelfiles.h"

const char load_file[] = KERNEL "/loadavg";
const char *const pressure_files[PRESSURES] = {
	[PRESSURE_CPU] = KERNEL "/pressure/cpu",
	[PRESSURE_MEMORY] = KERNEL "/pressure/memory",
	[PRESSURE_IO] = KERNEL "/pressure/io",
};
const char memory_file[] = KERNEL "/meminfo";
const bool has_sysinfo = false;
const char own_cgroups_file[] = KERNEL "/groups";
const char cgroup_directory[] = KERNEL;
const char memory_cgroup_directory[] = KERNEL "/memory";
