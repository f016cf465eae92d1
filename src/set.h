/*
 * set.h
 *	  Sets as canonical values, merged three-way.
 */
#ifndef SL_SET_H
#define SL_SET_H

#include "postgres.h"

#include "value.h"

/* What a merge says. */
typedef struct SlSetMerge
{
	SlValue merged;    /* what the golden set becomes */
	bool    is_unsure; /* it keeps elements that may have been removed */
} SlSetMerge;

/*
 * Merges what a system shows into the golden set.  bases are the sets that it may have
 * shown before (none: the empty one): added is what none of them holds, removed what
 * all of them hold.  Null, and what is no set of strings, is the empty set.
 */
extern SlSetMerge sl_set_merge(const SlValue *golden, const SlValue *shown,
							   const SlValue *bases, int nbases);

/* True where the golden set holds an element that set a holds, and neither b nor shown. */
extern bool sl_set_explains(const SlValue *golden, const SlValue *shown, const SlValue *a,
							const SlValue *b);

/* True where both hold the same elements: null and the empty set too. */
extern bool sl_set_same(const SlValue *a, const SlValue *b);

#endif
