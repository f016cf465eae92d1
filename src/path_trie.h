/*
 * path_trie.h
 *	  All paths of one system as a trie, so that one pass over a record fills all
 *	  places.
 *
 * A trie is immutable once built and lives in the context of its policy.
 */
#ifndef SL_PATH_TRIE_H
#define SL_PATH_TRIE_H

#include "postgres.h"

#include "policy.h"

/* An entry of a node's hash table of keys; key is NULL where it is free. */
typedef struct SlPathKey
{
	const char *key;
	int32       len;
	SlPathNode *node;
} SlPathKey;

typedef struct SlPathIndex
{
	int         index;
	SlPathNode *node;
} SlPathIndex;

struct SlPathNode
{
	int          nslots; /* the places whose path ends here */
	int         *slots;
	int          nbelow; /* these, and all whose path goes through here */
	int         *below;
	int          nkeys;
	uint32       mask;  /* of the table, whose size is a power of two */
	SlPathKey   *table; /* open addressing, at most half full; NULL: no keys */
	int          nindexes;
	SlPathIndex *indexes;
	SlPathNode  *each; /* [*], or NULL */
};

static inline bool
sl_path_is_leaf(const SlPathNode *node)
{
	return node->nbelow == node->nslots;
}

/* Few bytes tell the keys of one object apart; a collision costs one comparison. */
static inline uint32
sl_path_hash(const char *key, int32 len)
{
	const unsigned char *k = (const unsigned char *) key;

	if (len == 0)
		return 0;
	return (uint32) len + 31 * k[0] + 7 * k[len / 2] + 5 * k[len - 1];
}

/* memcmp() for the few bytes of a key, without the call. */
static inline bool
sl_path_same_key(const char *a, const char *b, int32 len)
{
	uint64 x;
	uint64 y;

	for (; len >= (int32) sizeof(x); len -= sizeof(x))
	{
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		if (x != y)
			return false;
		a += sizeof(x);
		b += sizeof(y);
	}
	while (len > 0 && *a == *b)
	{
		a++;
		b++;
		len--;
	}
	return len == 0;
}

/* The child for a key, or NULL. */
static inline const SlPathNode *
sl_path_child(const SlPathNode *node, const char *key, int32 len)
{
	uint32 i = sl_path_hash(key, len) & node->mask;

	for (; node->table[i].key != NULL; i = (i + 1) & node->mask)
		if (node->table[i].len == len && sl_path_same_key(node->table[i].key, key, len))
			return node->table[i].node;
	return NULL;
}

#endif
