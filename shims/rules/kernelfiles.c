#include "rules/kernelfiles.h"

const char load_file[] = "/proc/loadavg";
const char *const pressure_files[PRESSURES] = {
	[PRESSURE_CPU] = "/proc/pressure/cpu",
	[PRESSURE_MEMORY] = "/proc/pressure/memory",
	[PRESSURE_IO] = "/proc/pressure/io",
};
const char memory_file[] = "/proc/meminfo";
const bool has_sysinfo = true;
const char own_cgroups_file[] = "/proc/self/cgroup";
const char cgroup_directory[] = "/sys/fs/cgroup";
const char memory_cgroup_directory[] = "/sys/fs/cgroup/memory";
