/*
 * path_trie.c
 *	  Builds the trie of a system's paths.
 *
 * Every place stands once in the slots of the node where its path ends, and once in
 * "below" of each node on the way there.
 */
#include "postgres.h"

#include "path_trie.h"
#include "reader.h"

#define FIRST_TABLE_SIZE 8

static SlPathNode *
make_node(void)
{
	return palloc0(sizeof(SlPathNode));
}

static void
append_slot(int **slots, int *n, int slot)
{
	*slots = *n == 0 ? palloc(sizeof(int)) : repalloc(*slots, (*n + 1) * sizeof(int));
	(*slots)[(*n)++] = slot;
}

/* The table's entry for a key: its own, or the free one where it belongs. */
static SlPathKey *
find_entry(SlPathKey *table, uint32 mask, const char *key, int32 len)
{
	uint32 i = sl_path_hash(key, len) & mask;

	while (table[i].key != NULL &&
		   (table[i].len != len || memcmp(table[i].key, key, len) != 0))
		i = (i + 1) & mask;
	return &table[i];
}

static void
grow_table(SlPathNode *node)
{
	uint32     size = node->table == NULL ? FIRST_TABLE_SIZE : 2 * (node->mask + 1);
	SlPathKey *table = palloc0(size * sizeof(SlPathKey));

	for (uint32 i = 0; node->table != NULL && i <= node->mask; i++)
	{
		const SlPathKey *old = &node->table[i];

		if (old->key != NULL)
			*find_entry(table, size - 1, old->key, old->len) = *old;
	}
	node->table = table;
	node->mask = size - 1;
}

static SlPathNode *
need_key(SlPathNode *node, const SlPathStep *step)
{
	SlPathKey *entry;

	if (node->table == NULL || 2 * (node->nkeys + 1) > (int) node->mask + 1)
		grow_table(node);
	entry = find_entry(node->table, node->mask, step->key, step->key_len);
	if (entry->key == NULL)
	{
		*entry = (SlPathKey){step->key, step->key_len, make_node()};
		node->nkeys++;
	}
	return entry->node;
}

static SlPathNode *
need_index(SlPathNode *node, int index)
{
	Size size = (node->nindexes + 1) * sizeof(SlPathIndex);

	for (int i = 0; i < node->nindexes; i++)
		if (node->indexes[i].index == index)
			return node->indexes[i].node;
	node->indexes = node->nindexes == 0 ? palloc(size) : repalloc(node->indexes, size);
	node->indexes[node->nindexes] = (SlPathIndex){index, make_node()};
	return node->indexes[node->nindexes++].node;
}

static SlPathNode *
need_child(SlPathNode *node, const SlPathStep *step)
{
	switch (step->kind)
	{
		case SL_STEP_KEY:
			return need_key(node, step);
		case SL_STEP_INDEX:
			return need_index(node, step->index);
		case SL_STEP_EACH:
			if (node->each == NULL)
				node->each = make_node();
			return node->each;
	}
	elog(ERROR, "unknown kind of path step: %d", (int) step->kind);
}

static void
add_path(SlPathNode *node, const SlPath *path, int slot)
{
	if (path == NULL)
		return;
	append_slot(&node->below, &node->nbelow, slot);
	for (int i = 0; i < path->nsteps; i++)
	{
		node = need_child(node, &path->steps[i]);
		append_slot(&node->below, &node->nbelow, slot);
	}
	append_slot(&node->slots, &node->nslots, slot);
}

SlPathNode *
sl_reader_build(const SlPolicy *policy, int system)
{
	const SlSystemSpec *spec = &policy->systems[system];
	SlPathNode         *root = make_node();

	add_path(root, spec->key, SL_SLOT_KEY);
	add_path(root, spec->id, SL_SLOT_ID);
	add_path(root, spec->version, SL_SLOT_VERSION);
	add_path(root, spec->sentinel, SL_SLOT_SENTINEL);
	add_path(root, spec->deleted, SL_SLOT_DELETED);
	for (int i = 0; i < policy->nfields; i++)
		add_path(root, policy->fields[i].paths[system], sl_slot_of_field(i));
	return root;
}
