#include "wordmill.h"
#include <string.h>

uint32_t hash_fnv(struct slice s)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < s.length; i++)
		hash = (hash ^ (unsigned char)s.at[i]) * 16777619u;
	return hash;
}

static uint32_t turned(uint32_t value, int bits)
{
	return value << bits | value >> (32 - bits);
}

uint32_t hash_murmur(struct slice s, uint32_t seed)
{
	uint32_t hash = seed, part;
	size_t i = 0;
	for (; i + 4 <= s.length; i += 4) {
		memcpy(&part, s.at + i, 4);
		hash = turned(hash ^ turned(part * 0xcc9e2d51u, 15) * 0x1b873593u, 13) * 5 + 0xe6546b64u;
	}
	part = 0;
	for (size_t last = s.length; last > i; last--)
		part = part << 8 | (unsigned char)s.at[last - 1];
	hash ^= turned(part * 0xcc9e2d51u, 15) * 0x1b873593u;
	hash ^= (uint32_t)s.length;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

uint32_t hash_adler(struct slice s)
{
	uint32_t a = 1, b = 0;
	for (size_t i = 0; i < s.length; i++) {
		a = (a + (unsigned char)s.at[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}
