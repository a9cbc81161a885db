#include "rules/pressure.h"

#include <limits.h>
#include <string.h>

#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "rules/kernelfiles.h"

static const char *const group_files[PRESSURES] = {
	[PRESSURE_CPU] = "cpu.pressure",
	[PRESSURE_MEMORY] = "memory.pressure",
	[PRESSURE_IO] = "io.pressure",
};

/* Where our group of version 2 is: the line `0::PATH` of cgroups(7), which may be any but has no other before it that begins so. NULL: in
 * none. */
static const char *own_group(char *text, size_t size)
{
	char *path;

	if (read_small_file(own_cgroups_file, text, size) < 0)
		return NULL;
	path = strncmp(text, "0::", 3) == 0 ? text + 3 : text_behind(text, strlen(text), "\n0::");
	if (path != NULL)
		path[strcspn(path, "\n")] = '\0';
	return path;
}

static bool read_group(int pressure, char *text, size_t size)
{
	char groups[4096], file[PATH_MAX];
	const char *path = own_group(groups, sizeof groups);

	return path != NULL &&
	       text_put(file, sizeof file, "%s%s/%s", cgroup_directory, path, group_files[pressure]) < (int)sizeof file &&
	       read_small_file(file, text, size) > 0;
}

bool pressure_look(int pressure, double *percent)
{
	char text[256], *at;

	if (!read_group(pressure, text, sizeof text) && read_small_file(pressure_files[pressure], text, sizeof text) < 0)
		return false;
	at = text_behind(text, strlen(text), "avg10="); /* the first line is that of `some` */
	if (at == NULL)
		return false;
	at[strcspn(at, " \n")] = '\0';
	*percent = decimal_read(at, 0);
	return true;
}
