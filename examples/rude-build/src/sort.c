#include "wordmill.h"

/* A heap sort for each type: in place, no recursion, no worst case. */
#define SORT(NAME, TYPE, BEFORE)                                                \
	static void NAME##_sink(TYPE *items, size_t at, size_t count)           \
	{                                                                       \
		TYPE item = items[at];                                          \
		for (size_t child; (child = 2 * at + 1) < count; at = child) {  \
			if (child + 1 < count && BEFORE(items[child], items[child + 1])) \
				child++;                                        \
			if (!BEFORE(item, items[child]))                        \
				break;                                          \
			items[at] = items[child];                               \
		}                                                               \
		items[at] = item;                                               \
	}                                                                       \
	void NAME(TYPE *items, size_t count)                                    \
	{                                                                       \
		for (size_t at = count / 2; at-- > 0;)                          \
			NAME##_sink(items, at, count);                          \
		while (count-- > 1) {                                           \
			TYPE largest = items[0];                                \
			items[0] = items[count];                                \
			items[count] = largest;                                 \
			NAME##_sink(items, 0, count);                           \
		}                                                               \
	}

#define LONG_BEFORE(a, b) ((a) < (b))
#define SLICE_BEFORE(a, b) (slice_compare(a, b) < 0)
#define ENTRY_BEFORE(a, b) ((a).value != (b).value ? (a).value > (b).value : slice_compare((a).key, (b).key) < 0)

SORT(sort_longs, long, LONG_BEFORE)
SORT(sort_slices, struct slice, SLICE_BEFORE)
SORT(sort_entries, struct entry, ENTRY_BEFORE)
