/*
 * heap_checks.h
 *	  The CHECK constraints of the extension's own tables, planned once per backend.
 */
#ifndef SL_HEAP_CHECKS_H
#define SL_HEAP_CHECKS_H

#include "postgres.h"

#include "nodes/execnodes.h"

/* Registers what keeps this file's memory true; called by _PG_init. */
extern void sl_checks_init(void);

/* Gives a table that rows are to be written to its constraints, for the executor's life. */
extern void sl_checks_prepare(ResultRelInfo *info, EState *estate);

#endif
