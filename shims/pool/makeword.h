/* The words of MAKEFLAGS, character by character: a backslash takes the next one as it is, and a reference to a variable is one. */
#ifndef MAKEWORD_H
#define MAKEWORD_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the character at text into *c, and returns where the next one begins. The value of a reference to a variable is not known: it reads
 * as a dollar. */
const char *make_next_char(const char *text, char *c);

/* Where a word ends: at a blank, a tab, or the end of the text. */
const char *make_word_end(const char *word);

bool make_is_digit(char c);

/* Whether all characters from word to end are digits; true if there are none. */
bool make_all_digits(const char *word, const char *end);

/* Whether a word begins as a number does, with a digit or a point. */
bool make_word_begins_number(const char *word);

/* Writes what length bytes say, without their backslashes, and a NUL. Returns its length; that of text always fits. */
size_t make_unescape(const char *text, size_t length, char *said);

#endif
