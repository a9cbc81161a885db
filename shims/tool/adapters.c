#include "tool/adapters.h"

#include <string.h>

#include "contract.h"
#include "ground/words.h"

/* "-4.4", "4" */
static bool is_version(const char *text)
{
	const char *number = text + (*text == '-' ? 1 : 0);

	return *number >= '0' && *number <= '9' && number[strspn(number, "0123456789.")] == '\0';
}

const struct adapter *adapter_find(const char *tool)
{
	for (size_t i = 0; i < sizeof adapters / sizeof adapters[0]; i++) {
		const struct adapter *adapter = &adapters[i];
		size_t length = strlen(adapter->name);

		if (strncmp(adapter->name, tool, length) == 0 &&
		    (tool[length] == '\0' || (adapter->versioned && is_version(tool + length))))
			return adapter;
	}
	return NULL;
}

bool adapter_is_client(const struct adapter *adapter)
{
	return adapter != NULL &&
	       (adapter->kind == ADAPTER_CARGO || adapter->kind == ADAPTER_CTEST || adapter->kind == ADAPTER_MAKE ||
	        adapter->kind == ADAPTER_NINJA);
}

bool adapter_keeps_name(const struct adapter *adapter)
{
	return adapter != NULL && adapter->keeps_name;
}

bool adapter_keeps_path(const char *tool)
{
	return words_have(path_keepers, tool);
}
