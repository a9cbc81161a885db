/* FNV-1a, 64 bits. */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

static const uint64_t HASH_OF_NOTHING = 0xcbf29ce484222325ULL;

/* Continues value with size bytes. */
static inline uint64_t hash(uint64_t value, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	while (size-- > 0)
		value = (value ^ *at++) * 0x100000001b3ULL;
	return value;
}

#endif
