#include "ground/words.h"

bool words_have(const char *list, const char *word)
{
	WORDS_EACH(each, list)
		if (strcmp(each, word) == 0)
			return true;
	return false;
}
