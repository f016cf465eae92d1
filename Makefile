# sync_ledger: builds with PGXS.  Sources, SQL parts and tests are found by wildcard; the
# version stands in sync_ledger.control.
#
#   make, make install, make installcheck   as in any extension; installcheck, tapcheck
#                                           and prove want a running server
#   make test, make demo, make bench        set up what they need, a server included
#   make test-all                           the tests with PostgreSQL 15, 17 and 18, as root; dumps of
#                                           the first are restored in the others
#   make simulate N=1000                    generated histories against a server of its own
#   make soak MINUTES=30                    workers that crash, and nothing lost or doubled
#   make crash N=200                        a server that crashes, and a book that is whole
#   make memory CALLS=1000000               every function so often in one session, memory flat
#   make mutants                            breaks each rule: does the simulation find it?
#   make fuzz MINUTES=60                    hostile bytes and calls: no crash, no wrong word
#   make memcheck, make coverage            the tests under valgrind; which lines they run
#   make lint, make format                  check and format the sources

EXTENSION = sync_ledger
MODULE_big = sync_ledger
PGFILEDESC = "sync_ledger - two-way sync between systems"

# The names of PGXS' own variables (VERSION, INSTALL_SCRIPT, ...) are to be avoided here.
EXT_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
EXT_SCRIPT := sql/$(EXTENSION)--$(EXT_VERSION).sql
EXT_SCRIPT_PARTS := $(sort $(wildcard sql/[0-9]*.sql))

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
DATA = $(wildcard sql/*--*--*.sql)
DATA_built = $(EXT_SCRIPT)
EXTRA_CLEAN = sql/*.tmp results output_iso tmp_check tmp_check_iso \
	regression.diffs regression.out

# Both kinds of tests find their input in test/ and their output in expected/.
REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
REGRESS_OPTS = --inputdir=test --outputdir=. --encoding=UTF8 --load-extension=$(EXTENSION)
ISOLATION_OPTS = $(REGRESS_OPTS)

# Tests that print TAP: each in a database of its own, and those that make their own servers.
TAP_IN_DATABASE = $(sort $(wildcard test/pgtap/*.sql test/*/check.py))
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))

# The library knows of which version it is.
PG_CPPFLAGS = -DSL_VERSION='"$(EXT_VERSION)"'

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install installcheck clean tapcheck prove:
	$(error no PGXS found by "$(PG_CONFIG)": install postgresql-server-dev or set PG_CONFIG)
endif

# PGXS tracks no header dependencies: every object depends on every header.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h)
src/installation.o src/installation.bc: $(EXTENSION).control

# In name order: the guard's \echo ... \quit line leads the script.
$(EXT_SCRIPT): $(EXT_SCRIPT_PARTS) $(EXTENSION).control
	cat $(EXT_SCRIPT_PARTS) > $@.tmp && mv $@.tmp $@

# pg_regress looks for sql/X.sql before test/sql/X.sql, both kinds of tests share
# expected/, and a missing expected file stops a whole run.
TEST_NAMES = $(REGRESS) $(ISOLATION)
TEST_CLASHES = $(filter $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)),$(TEST_NAMES)) \
	$(filter $(REGRESS),$(ISOLATION))
TEST_ORPHANS = $(filter-out $(patsubst expected/%.out,%,$(wildcard expected/*.out)),$(TEST_NAMES))

.PHONY: check-names list-REGRESS list-ISOLATION tapcheck prove test test-all demo bench simulate soak crash memory mutants fuzz memcheck coverage lint format

installcheck: check-names
check-names:
	$(if $(strip $(TEST_CLASHES)),$(error tests named like another file: $(TEST_CLASHES)))
	$(if $(TEST_ORPHANS),$(error tests without a file in expected/: $(TEST_ORPHANS)))
	@:

list-REGRESS list-ISOLATION: list-%:
	@echo $($*)

ifneq ($(wildcard $(PGXS)),)
tapcheck:
	$(if $(TAP_IN_DATABASE),PATH="$(bindir):$$PATH" test/in_database --template $(PROVE) $(PROVE_FLAGS) --exec test/in_database $(TAP_IN_DATABASE))

prove:
	$(if $(PROVE_TESTS),$(prove_installcheck))
endif

test:
	@test/with_server test/run

test-all: test
	@test/versions

demo:
	@examples/demo/run --check
	@test/with_server -f PAYLOADS -f POLICY examples/demo/run

bench:
	@test/with_server -f PGMQ_SQL -o shared_buffers=512MB -o max_wal_size=8GB bench/run

# make simulate N=10000 SEED=7 JOBS=2 POLICIES=plain,three
simulate:
	@test/with_server test/simulation/run.py --crash $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED)) \
		$(if $(JOBS),--jobs $(JOBS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(TOLERATE),--tolerate $(TOLERATE)) $(if $(POLICIES),--policies $(POLICIES)) $(if $(STORY),--story $(STORY))

soak:
	@test/with_server test/soak/run.py

# make crash N=200 SEED=7
crash:
	@test/with_server test/crash/run.py $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED))

# make memory CALLS=1000000 ONLY=sync_diff
memory: export CALLS := $(or $(CALLS),1000000)
memory: export ONLY := $(ONLY)
memory:
	@test/with_server test/in_database test/memory/check.py

# make mutants ONLY=the_newer_wins N=2000
mutants:
	@test/with_server test/simulation/mutants.py $(if $(N),-n $(N)) $(if $(ONLY),--only $(ONLY))

fuzz:
	@test/packages fuzz
	@test/with_server test/fuzz/run $(or $(MINUTES),60)

# make memcheck FILES='test/pgtap/reader.sql test/pgtap/canonical.sql'
memcheck:
	@test/packages memcheck
	@test/with_server test/memcheck $(FILES)

# The library that counts stays installed until the next make install.
coverage:
	@test/with_server -m 'PG_CFLAGS=-O0 --coverage' -m SHLIB_LINK=--coverage test/coverage

lint:
	@test/lint

format:
	clang-format -i $(wildcard src/*.[ch] test/fuzz/*.[ch])
