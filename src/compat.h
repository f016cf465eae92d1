/*
 * compat.h
 *	  What differs between PostgreSQL 15 and 18: the only place that asks.
 */
#ifndef SL_COMPAT_H
#define SL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "sync_ledger needs PostgreSQL 15 or later"
#endif

#endif
