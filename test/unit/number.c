/* ground/number.c: numbers that others have written. */
#include "ground/number.h"

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

int main(void)
{
	for (size_t i = 0; i < LENGTH(whole); i++) {
		uint64_t number = BEFORE;

		check_number("number_read", whole[i].text, number_read(whole[i].text, whole[i].most, &number), whole[i].is_number);
		check_number("number_read gives", whole[i].text, (long long)number, (long long)whole[i].number);
	}
	for (size_t i = 0; i < LENGTH(decimals); i++)
		check_decimal("decimal_read", decimals[i].text, decimal_read(decimals[i].text, -1), decimals[i].number);
	return check_end();
}
