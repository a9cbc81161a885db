/* wordmill: a small library for plain text. Everything that can be empty may be empty; nothing here prints. */
#ifndef WORDMILL_H
#define WORDMILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* slice.c: bytes that belong to somebody else. */
struct slice { const char *at; size_t length; };
struct slice slice_of(const char *text);
struct slice slice_part(struct slice, size_t from, size_t length);
int slice_compare(struct slice, struct slice);
bool slice_equal(struct slice, struct slice);
struct slice slice_trim(struct slice);

/* buffer.c: bytes that grow. `at` is always NUL-terminated. */
struct buffer { char *at; size_t length, room; };
void buffer_add(struct buffer *, struct slice);
void buffer_text(struct buffer *, const char *text);
void buffer_byte(struct buffer *, char);
void buffer_repeat(struct buffer *, char, size_t times);
void buffer_free(struct buffer *);

/* arena.c: memory that is given back all at once. */
struct arena { struct block *last; };
void *arena_take(struct arena *, size_t bytes);
struct slice arena_copy(struct arena *, struct slice);
void arena_free(struct arena *);

/* ascii.c */
bool ascii_letter(char), ascii_digit(char), ascii_space(char);
char ascii_lower(char), ascii_upper(char);
void ascii_title(struct buffer *, struct slice);

/* utf8.c: a malformed byte counts as U+FFFD and one byte. */
uint32_t utf8_next(struct slice *);
void utf8_add(struct buffer *, uint32_t point);
size_t utf8_points(struct slice);
bool utf8_valid(struct slice);

/* lines.c, words.c: both take their find off the front of `rest`; false at the end. */
bool next_line(struct slice *rest, struct slice *line);
bool next_word(struct slice *rest, struct slice *word);
size_t count_lines(struct slice), count_words(struct slice);

/* hash.c */
uint32_t hash_fnv(struct slice), hash_murmur(struct slice, uint32_t seed), hash_adler(struct slice);

/* table.c: from a slice to a number. */
struct table { struct entry *entries; size_t used, room; };
struct entry { struct slice key; long value; };
long *table_at(struct table *, struct slice key);
void table_free(struct table *);

/* frequency.c, sort.c */
void count_frequencies(struct table *, struct slice text);
void sort_longs(long *, size_t count);
void sort_slices(struct slice *, size_t count);
void sort_entries(struct entry *, size_t count); /* the most frequent first */

/* search.c, glob.c, edit.c, difference.c */
size_t find(struct slice text, struct slice needle); /* SIZE_MAX: nowhere */
void replace_all(struct buffer *, struct slice text, struct slice old, struct slice new);
bool glob_matches(struct slice pattern, struct slice text);
size_t edit_distance(struct slice, struct slice);
void line_difference(struct buffer *, struct slice before, struct slice after);

/* wrap.c, justify.c, columns.c */
void wrap(struct buffer *, struct slice text, size_t width);
void justify(struct buffer *, struct slice line, size_t width);
void columns(struct buffer *, struct slice tab_separated);

/* base64.c, crc32.c, roman.c, soundex.c, numbers.c, rot.c */
void base64_encode(struct buffer *, struct slice);
bool base64_decode(struct buffer *, struct slice);
uint32_t crc32(struct slice);
void roman(struct buffer *, unsigned number);
void soundex(struct buffer *, struct slice word);
void number_in_words(struct buffer *, unsigned long);
bool parse_number(struct slice, long *);
void rot(struct buffer *, struct slice, int by);

#endif
