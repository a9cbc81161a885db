#include "look/answer.h"

#include <stddef.h>
#include <stdio.h>

bool answer_print(enum look_command command, const struct answer *answer)
{
	for (unsigned i = 0; i < look_commands[command].answer_words; i++)
		if ((answer->texts[i] != NULL ? printf("%s%c", answer->texts[i], 0) : printf("%ld%c", answer->numbers[i], 0)) < 0)
			return false;
	return fflush(stdout) == 0;
}

bool refuse(const char *error, const char *why)
{
	(void)!(printf("%s%c%s%c", error, 0, why, 0) > 0 && fflush(stdout) == 0);
	return false;
}

bool refuse_by_system(int error)
{
	(void)!(printf("%s%c%d%c", ERROR_SYSTEM, 0, error, 0) > 0 && fflush(stdout) == 0);
	return false;
}
