/*
 * case_map.h
 *	  Unicode's simple case mapping, the same on every machine.
 */
#ifndef SL_CASE_MAP_H
#define SL_CASE_MAP_H

#include "postgres.h"

#include "mb/pg_wchar.h"

/* A character in lower or upper case; itself where it has none. */
extern pg_wchar sl_lower(pg_wchar c);
extern pg_wchar sl_upper(pg_wchar c);

#endif
