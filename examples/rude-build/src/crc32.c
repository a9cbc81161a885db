#include "wordmill.h"

uint32_t crc32(struct slice s)
{
	uint32_t table[256], crc = ~0u;
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320u : table[i] >> 1;
	}
	for (size_t i = 0; i < s.length; i++)
		crc = table[(crc ^ (unsigned char)s.at[i]) & 255] ^ crc >> 8;
	return ~crc;
}
