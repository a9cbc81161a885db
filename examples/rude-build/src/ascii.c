#include "wordmill.h"

bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

void ascii_title(struct buffer *out, struct slice s)
{
	bool inside = false;
	for (size_t i = 0; i < s.length; i++) {
		bool letter = ascii_letter(s.at[i]) || s.at[i] == '\'';
		buffer_byte(out, letter && !inside ? ascii_upper(s.at[i]) : ascii_lower(s.at[i]));
		inside = letter;
	}
}
