#include "sandbox/verdicts.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/hash.h"
#include "ground/retry.h"
#include "ground/text.h"
#include "sandbox/kernelabi.h"

/* FILES is a power of two. What does not fit is looked at each time that it starts. */
enum { FILES = 4096, TRIES = 8 };

static struct file files[FILES];

/* A filter of a container may refuse statx(). */
static bool read_by_stat(const char *path, struct file_key *key)
{
	struct stat status;

	if (!stat_path(path, &status))
		return false;
	*key = (struct file_key){ .device = status.st_dev, .inode = status.st_ino, .changed = status.st_ctim, .has_one_name = status.st_nlink == 1 };
	return true;
}

bool file_key_read(const char *path, struct file_key *key)
{
	struct kernel_status status;

	if (RETRY(syscall(SYS_statx, AT_FDCWD, path, 0, STATUS_BASIC | STATUS_MOUNT, &status)) < 0)
		return read_by_stat(path, key);
	*key = (struct file_key){
		.device = makedev(status.device_major, status.device_minor),
		.inode = status.inode,
		.changed = { .tv_sec = status.changed.seconds, .tv_nsec = (long)status.changed.nanoseconds },
		.mount = (status.told & STATUS_MOUNT) == 0 ? 0 : status.mount,
		.has_one_name = status.links == 1,
	};
	return true;
}

struct file *verdict_place(const struct file_key *key)
{
	uint64_t at = hash(HASH_OF_NOTHING, &key->inode, sizeof key->inode);
	struct file *file = NULL;

	at = hash(at, &key->device, sizeof key->device);
	for (size_t try = 0; try < TRIES; try++) {
		file = &files[(at + try) % FILES];
		if (file->verdict == UNKNOWN || (file->key.inode == key->inode && file->key.device == key->device))
			break;
	}
	return file;
}

bool verdict_is_of(const struct file *file, const struct file_key *key)
{
	return file->verdict != UNKNOWN && file->key.inode == key->inode && file->key.device == key->device &&
	       file->key.changed.tv_sec == key->changed.tv_sec && file->key.changed.tv_nsec == key->changed.tv_nsec;
}

const struct file *verdict_by_one_name(const struct file_key *key)
{
	const struct file *file = verdict_place(key);

	if (key->mount == 0 || !key->has_one_name || !verdict_is_of(file, key) || file->key.mount != key->mount ||
	    (file->verdict == BEHIND_SHIM && !file->is_judged))
		return NULL;
	return file;
}

struct file *verdict_note(const struct file_key *key, enum verdict verdict, const char *family)
{
	struct file *file = verdict_place(key);

	*file = (struct file){ .key = *key, .verdict = verdict };
	text_put(file->family, sizeof file->family, "%s", family);
	return file;
}
