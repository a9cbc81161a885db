/* ground/hash.h, by the test vectors of FNV-1a (RFC 9923, or the authors' test_fnv.c). */
#include "ground/hash.h"

#include "check.h"

static const struct {
	const char *text;
	uint64_t hash;
} vectors[] = {
	{ "", 0xcbf29ce484222325ULL },      { "a", 0xaf63dc4c8601ec8cULL },   { "b", 0xaf63df4c8601f1a5ULL },
	{ "foo", 0xdcb27518fed9d577ULL },   { "foobar", 0x85944171f73967e8ULL },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(vectors); i++) {
		const char *text = vectors[i].text;
		const size_t length = strlen(text), half = length / 2;
		const uint64_t first = hash(HASH_OF_NOTHING, text, half);

		check_number("hash", text, (long long)hash(HASH_OF_NOTHING, text, length), (long long)vectors[i].hash);
		check_number("hash in two steps", text, (long long)hash(first, text + half, length - half), (long long)vectors[i].hash);
	}
	return check_end();
}
