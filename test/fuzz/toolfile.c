/* Any tool file: the settings stay within their bounds. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "contract.h"
#include "tool/toolfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[LEDGER_TOOL_FILE_MAX];
	struct tool_settings settings;

	if (size >= sizeof text)
		size = sizeof text - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	tool_settings_parse(&settings, text);
	assert(memchr(settings.family, '\0', sizeof settings.family) != NULL);
	assert(settings.patience >= 0 && settings.patience <= 1e9);
	return 0;
}
