/* ground/number.c: numbers that others have written. */
#include "ground/number.h"

#include <limits.h>

#include "check.h"

enum { BEFORE = 77 };

static const struct {
	const char *text;
	uint64_t most;
	bool is_number;
	uint64_t number;
} whole[] = {
	{ "0", 0, true, 0 },
	{ "1", 0, false, BEFORE },
	{ "007", 9, true, 7 },
	{ "9", 9, true, 9 },
	{ "10", 9, false, BEFORE },
	{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, false, BEFORE },
	{ "99999999999999999999999999", UINT64_MAX, false, BEFORE },
	{ "", 9, false, BEFORE },
	{ " 1", 9, false, BEFORE },
	{ "1 ", 9, false, BEFORE },
	{ "1\n", 9, false, BEFORE },
	{ "+1", 9, false, BEFORE },
	{ "-1", UINT64_MAX, false, BEFORE },
	{ "0x1", 9, false, BEFORE },
	{ "1.0", 9, false, BEFORE },
	{ "one", 9, false, BEFORE },
};

static const struct {
	const char *text;
	double number;
} decimals[] = {
	{ "0", 0 },       { "30", 30 },    { "2.5", 2.5 },       { ".5", .5 },           { "4.", 4 },
	{ "0.25", .25 },  { "1e9", -1 },   { "", -1 },           { ".", -1 },            { "-1", -1 },
	{ "+1", -1 },     { "1.2.3", -1 }, { "1 ", -1 },         { " 1", -1 },           { "inf", -1 },
	{ "1000000000", 1e9 },             { "1000000001", 1e9 }, { "999999999", 999999999 },
	{ "99999999999999999999999999999999999999", 1e9 },       { "nan", -1 },          { "0x10", -1 },
};

static const struct {
	const char *text;
	long number;
} first[] = {
	{ "0", 0 },     { "12", 12 },   { "12 13", 12 }, { "12x", 12 }, { " \t-12", -12 }, { "-", 0 }, { "", 0 }, { "x", 0 },
	{ "--1", 0 },   { "0x10", 0 },  { "007", 7 },    { "9223372036854775807", LONG_MAX },
	{ "9223372036854775808", LONG_MAX },             { "99999999999999999999999", LONG_MAX },
	{ "-99999999999999999999999", -LONG_MAX },
};

static const struct {
	const char *text;
	unsigned base;
	uint64_t number;
	const char *rest;
} scanned[] = {
	{ "12 13", 10, 12, " 13" },
	{ " 13\n", 10, 13, "\n" },
	{ "00000000000000ff:0000000012", 16, 255, ":0000000012" },
	{ "\t02100000\nmnt_id:\t9\n", 8, 02100000, "\nmnt_id:\t9\n" },
	{ "18", 8, 1, "8" },
	{ "aF", 16, 10, "F" },
	{ "fg", 16, 15, "g" },
	{ "1:", 16, 1, ":" },
	{ "-1", 10, 0, "-1" },
	{ "running", 10, 0, "running" },
	{ "18446744073709551615", 10, UINT64_MAX, "" },
	{ "18446744073709551616 1", 10, UINT64_MAX, " 1" },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(first); i++)
		check_number("number_first", first[i].text, number_first(first[i].text), first[i].number);
	for (size_t i = 0; i < LENGTH(scanned); i++) {
		const char *rest = scanned[i].text;

		check_number("number_scan", rest, (long long)number_scan(&rest, scanned[i].base), (long long)scanned[i].number);
		check_text("number_scan leaves", scanned[i].text, rest, scanned[i].rest);
	}
	for (size_t i = 0; i < LENGTH(whole); i++) {
		uint64_t number = BEFORE;

		check_number("number_read", whole[i].text, number_read(whole[i].text, whole[i].most, &number), whole[i].is_number);
		check_number("number_read gives", whole[i].text, (long long)number, (long long)whole[i].number);
	}
	for (size_t i = 0; i < LENGTH(decimals); i++)
		check_decimal("decimal_read", decimals[i].text, decimal_read(decimals[i].text, -1), decimals[i].number);
	return check_end();
}
