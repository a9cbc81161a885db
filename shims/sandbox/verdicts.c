#include "sandbox/verdicts.h"

#include <stddef.h>

#include "ground/hash.h"
#include "ground/text.h"

/* FILES is a power of two. What does not fit is looked at each time that it starts. */
enum { FILES = 4096, TRIES = 8 };

static struct file files[FILES];

struct file *verdict_place(const struct stat *status)
{
	uint64_t at = hash(HASH_OF_NOTHING, &status->st_ino, sizeof status->st_ino);
	struct file *file = NULL;

	at = hash(at, &status->st_dev, sizeof status->st_dev);
	for (size_t try = 0; try < TRIES; try++) {
		file = &files[(at + try) % FILES];
		if (file->verdict == UNKNOWN || (file->inode == status->st_ino && file->device == status->st_dev))
			break;
	}
	return file;
}

bool verdict_is_of(const struct file *file, const struct stat *status)
{
	return file->verdict != UNKNOWN && file->inode == status->st_ino && file->device == status->st_dev &&
	       file->changed.tv_sec == status->st_ctim.tv_sec && file->changed.tv_nsec == status->st_ctim.tv_nsec;
}

struct file *verdict_note(const struct stat *status, enum verdict verdict, const char *family)
{
	struct file *file = verdict_place(status);

	*file = (struct file){
		.device = status->st_dev, .inode = status->st_ino, .changed = status->st_ctim, .verdict = verdict
	};
	text_put(file->family, sizeof file->family, "%s", family);
	return file;
}
