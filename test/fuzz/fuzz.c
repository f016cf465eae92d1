/*
 * fuzz.c
 *	  sync_fuzz: libFuzzer, run in a backend on one target.
 */
#include "postgres.h"

#include <stdarg.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "fuzz.h"

/* No input may take more than this: the largest is a few kilobytes. */
#define MAX_MEMORY ((Size) 256 * 1024 * 1024)

extern int LLVMFuzzerRunDriver(int *argc, char ***argv,
							   int (*callback)(const uint8 *data, size_t size));

PG_FUNCTION_INFO_V1(sync_fuzz);

static const FuzzTarget *target;
static MemoryContext     lasting;
static MemoryContext     per_input;

void
fuzz_fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "fuzz: %s: ", target->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static void
check_error(const ErrorData *error)
{
	for (const int *allowed = target->allowed; *allowed != 0; allowed++)
		if (error->sqlerrcode == *allowed)
			return;
	fuzz_fail("error %s: %s", unpack_sql_state(error->sqlerrcode), error->message);
}

int
fuzz_attempt(FuzzStep step, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	volatile int  state = 0;

	PG_TRY();
	{
		step(arg);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		state = error->sqlerrcode;
	}
	PG_END_TRY();
	return state;
}

bool
fuzz_is_text(const char *data, int32 len)
{
	return pg_verify_mbstr(PG_UTF8, data, len, true);
}

Jsonb *
fuzz_jsonb(const char *data, int32 len)
{
	return DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(data, len))));
}

bool
fuzz_jsonb_equal(Jsonb *a, Jsonb *b)
{
	return compareJsonbContainers(&a->root, &b->root) == 0;
}

SlPolicy *
fuzz_policy(const char *config)
{
	MemoryContext caller = MemoryContextSwitchTo(lasting);
	SlPolicy     *policy = sl_policy_parse("fuzz", 1, fuzz_jsonb(config, strlen(config)),
										   AllocSetContextCreate(lasting, "fuzz policy",
																 ALLOCSET_DEFAULT_SIZES));

	MemoryContextSwitchTo(caller);
	return policy;
}

/* An exact copy, by malloc(): one byte behind it is out of bounds. */
static int
run_input(const uint8 *data, size_t size)
{
	MemoryContext caller = MemoryContextSwitchTo(per_input);
	char         *copy = malloc(Max(size, 1));

	memcpy(copy, data, size);
	PG_TRY();
	{
		target->run(copy, (int32) size);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(per_input);
		error = CopyErrorData();
		FlushErrorState();
		check_error(error);
	}
	PG_END_TRY();
	if (MemoryContextMemAllocated(per_input, true) > MAX_MEMORY)
		fuzz_fail("%zu bytes of memory for %zu bytes of input",
				  MemoryContextMemAllocated(per_input, true), size);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(per_input);
	free(copy);
	return 0;
}

static const FuzzTarget *
find_target(const char *name)
{
	const FuzzTarget *const lists[] = {fuzz_json_targets, fuzz_state_targets};

	for (int i = 0; i < lengthof(lists); i++)
		for (const FuzzTarget *t = lists[i]; t->name != NULL; t++)
			if (strcmp(t->name, name) == 0)
				return t;
	elog(ERROR, "no target \"%s\"", name);
}

/* (target text, arguments text[]) does not return: libFuzzer ends the process. */
Datum
sync_fuzz(PG_FUNCTION_ARGS)
{
	Datum *arguments;
	int    argc;
	char **argv;

	target = find_target(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	lasting = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	per_input = AllocSetContextCreate(lasting, "fuzz input", ALLOCSET_DEFAULT_SIZES);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &arguments, NULL, &argc);
	argv = palloc0(sizeof(char *) * (argc + 2));
	argv[0] = pstrdup("sync_fuzz");
	for (int i = 0; i < argc; i++)
		argv[i + 1] = TextDatumGetCString(arguments[i]);
	argc++;
	PG_RETURN_INT32(LLVMFuzzerRunDriver(&argc, &argv, run_input));
}
