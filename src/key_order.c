/*
 * key_order.c
 *	  The order of an object's keys in canonical JSON.
 *
 * Keys are ordered by UTF-16 code unit.  UTF-8 sorts as code points do, so the two
 * orders differ in one place only: a character beyond U+FFFF is a pair of surrogates
 * in UTF-16 and sorts before U+E000 to U+FFFF.  In UTF-8 these are the lead bytes
 * 0xF0 to 0xF4 and 0xEE to 0xEF, and no other byte has such a value.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"

#include "canonical.h"
#include "key_order.h"

#define ALL_BYTES(b) (UINT64CONST(0x0101010101010101) * (b))

/* A byte's rank among the bytes that may stand in its place. */
static inline uint8
utf16_rank(uint8 byte)
{
	if (byte < 0xEE)
		return byte;
	return byte < 0xF0 ? byte + 0x10 : byte - 0x02;
}

int
sl_utf16_compare(const char *a, int32 a_len, const char *b, int32 b_len)
{
	int32 common = Min(a_len, b_len);

	for (int32 i = 0; i < common; i++)
	{
		if (a[i] != b[i])
			return (int) utf16_rank((uint8) a[i]) - (int) utf16_rank((uint8) b[i]);
	}
	return (a_len > b_len) - (a_len < b_len);
}

static inline uint32
load_uint32(const char *bytes)
{
	uint32 value;

	memcpy(&value, bytes, sizeof(value));
	return pg_ntoh32(value);
}

static inline uint64
load_uint64(const char *bytes)
{
	uint64 value;

	memcpy(&value, bytes, sizeof(value));
	return pg_ntoh64(value);
}

/* The first eight bytes of a key, the first one highest, filled up with zeros. */
static uint64
first_bytes(const char *name, int32 len)
{
	uint64 prefix = 0;

	if (len >= 8)
		return load_uint64(name);
	if (len >= 4)
	{
		uint64 tail = (uint64) load_uint32(name + len - 4) << 8 * (8 - len);

		return (uint64) load_uint32(name) << 32 | (uint32) tail;
	}
	for (int32 i = 0; i < len; i++)
		prefix |= (uint64) (uint8) name[i] << 8 * (7 - i);
	return prefix;
}

static uint64
rank_bytes(uint64 prefix)
{
	uint64 ranks = 0;

	for (int shift = 0; shift < 64; shift += 8)
		ranks |= (uint64) utf16_rank((uint8) (prefix >> shift)) << shift;
	return ranks;
}

/* The prefix of a shorter key sorts first, as no key holds a zero byte. */
void
sl_key_init(SlKey *key, const char *name, int32 len, int32 ordinal)
{
	uint64 prefix = first_bytes(name, len);

	key->prefix = (prefix & ALL_BYTES(0x80)) == 0 ? prefix : rank_bytes(prefix);
	key->name = name;
	key->len = len;
	key->ordinal = ordinal;
}

static inline int
compare_keys(const SlKey *a, const SlKey *b)
{
	int order;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	order = sl_utf16_compare(a->name, a->len, b->name, b->len);
	return order != 0 ? order : a->ordinal - b->ordinal;
}

int
sl_key_compare(const SlKey *a, const SlKey *b)
{
	return compare_keys(a, b);
}

#define ST_SORT          sort_keys
#define ST_ELEMENT_TYPE  SlKey
#define ST_COMPARE(a, b) compare_keys(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

void
sl_keys_sort(SlKey *keys, size_t n)
{
	sort_keys(keys, n);
}
