/*
 * errors.h
 *	  Private SQLSTATEs (class SL), for what PostgreSQL has no code of its own.
 */
#ifndef SL_ERRORS_H
#define SL_ERRORS_H

#include "postgres.h"

#define ERRCODE_SL_UNKNOWN_ENTITY	MAKE_SQLSTATE('S', 'L', '0', '0', '1')
#define ERRCODE_SL_UNKNOWN_SYSTEM	MAKE_SQLSTATE('S', 'L', '0', '0', '2')
#define ERRCODE_SL_INVALID_CONFIG	MAKE_SQLSTATE('S', 'L', '0', '0', '3')

#endif
