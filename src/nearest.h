/*
 * nearest.h
 *	  "Did you mean": the known name that a wrong one is nearest to.
 */
#ifndef SL_NEAREST_H
#define SL_NEAREST_H

#include "postgres.h"

/*
 * The known name with the fewest edits (insert, delete, replace, swap of neighbours;
 * ASCII case does not count) from name; the first of several; NULL where none is known.
 */
extern const char *sl_nearest(const char *name, const char *const *known, int nknown);

/*
 * A hint in the current memory context: the nearest known name, and all of them while
 * they are few.  what is their plural, as in "systems".  NULL where none is known.
 */
extern char *sl_nearest_hint(const char *name, const char *what, const char *const *known,
							 int nknown);

#endif
