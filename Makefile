# sync_ledger: build with PGXS.  Sources, SQL parts and tests are found by wildcard;
# the version stands in sync_ledger.control alone.

EXTENSION = sync_ledger
MODULE_big = sync_ledger
PGFILEDESC = "sync_ledger - two-way sync that is boring"

EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
SQL_SCRIPT := sql/$(EXTENSION)--$(EXTVERSION).sql
SQL_PARTS := $(sort $(wildcard sql/[0-9]*.sql))
UPGRADES := $(wildcard sql/*--*--*.sql)

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
DATA = $(UPGRADES)
DATA_built = $(SQL_SCRIPT)
EXTRA_CLEAN = sql/*.tmp results output_iso tmp_check \
	tmp_check_iso regression.diffs regression.out

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=. --encoding=UTF8
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=. --encoding=UTF8

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS tracks no header dependencies: every object depends on every header.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h)

# The guard part comes first in name order, so its \echo ... \quit line leads the script.
$(SQL_SCRIPT): $(SQL_PARTS) $(EXTENSION).control
	cat $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

# pg_regress looks for sql/X.sql before test/sql/X.sql, and both kinds of tests share
# expected/: a name that stands twice would run the wrong file.
TEST_NAMES = $(REGRESS) $(ISOLATION)
CLASHES = $(filter $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)),$(TEST_NAMES)) \
	$(filter $(REGRESS),$(ISOLATION))
WITHOUT_EXPECTED = $(filter-out $(patsubst expected/%.out,%,$(wildcard expected/*.out)),$(TEST_NAMES))

.PHONY: checknames
checknames:
	@$(if $(strip $(CLASHES)),$(error tests share their name with another file: $(strip $(CLASHES))))
	@$(if $(strip $(WITHOUT_EXPECTED)),$(error tests have no file in expected/: $(strip $(WITHOUT_EXPECTED))))

installcheck: checknames
