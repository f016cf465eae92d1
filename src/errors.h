/*
 * errors.h
 *	  SQLSTATEs of our own, for what PostgreSQL has no code for.
 */
#ifndef SL_ERRORS_H
#define SL_ERRORS_H

#include "postgres.h"

/* A complete call in which more is missing or changed than max_change allows. */
#define ERRCODE_SL_TOO_MUCH_CHANGE MAKE_SQLSTATE('S', 'L', '0', '0', '1')

/* A complete call with no record, of a system that is known to hold some. */
#define ERRCODE_SL_EMPTY_LISTING MAKE_SQLSTATE('S', 'L', '0', '0', '2')

#endif
