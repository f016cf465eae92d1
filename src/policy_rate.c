/*
 * policy_rate.c
 *	  A rate of a config: 100/minute.
 *
 * There is one way to write a rate: what is stored can be read by a query.
 */
#include "postgres.h"

#include "policy_config.h"

#define MAX_CLAIMS 1000000

static const char *const units[] = {"second", "minute", "hour", NULL};

static bool
is_unit(const char *text)
{
	for (int i = 0; units[i] != NULL; i++)
		if (strcmp(text, units[i]) == 0)
			return true;
	return false;
}

/* A whole number from 1 on, without sign, space or leading zero; 0: it is none. */
static int
decode_count(const char *text, const char **end)
{
	int count = 0;

	if (*text == '0')
		return 0;
	for (; *text >= '0' && *text <= '9' && count <= MAX_CLAIMS; text++)
		count = count * 10 + (*text - '0');
	*end = text;
	return count <= MAX_CLAIMS ? count : 0;
}

void
sl_config_rate(const SlConfig *object, const char *key, SlRate *rate)
{
	SlConfig    member;
	const char *end = NULL;

	rate->max_claims = 0;
	rate->unit = NULL;
	if (!sl_config_get(object, key, &member))
		return;
	if (sl_config_is_text(&member))
		rate->max_claims = decode_count(sl_config_text(&member), &end);
	if (rate->max_claims == 0 || *end != '/' || !is_unit(end + 1))
		sl_config_wrong_kind(&member, "a rate such as \"100/minute\", of 1 to 1000000 "
									  "changes a second, minute or hour");
	rate->unit = end + 1;
}
