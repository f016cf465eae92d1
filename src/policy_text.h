/*
 * policy_text.h
 *	  A policy in sentences that a human can check.
 */
#ifndef SL_POLICY_TEXT_H
#define SL_POLICY_TEXT_H

#include "policy.h"

/* The whole policy, one rule a line, in the current memory context. */
extern char *sl_policy_text(const SlPolicy *policy);

#endif
