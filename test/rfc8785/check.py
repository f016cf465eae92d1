#!/usr/bin/env python3
"""Compares canonical JSON with implementations that share no code with the extension.

Thousands of values from a fixed seed go through psql into sync_canonical(), sync_hash()
and the lossless form of the pipeline.  They are compared with the same computed here
from Python's own shortest float, decimal arithmetic and UTF-16 encoder, and with
JavaScript's JSON.stringify, whose output RFC 8785 is defined by, where node is
installed.  Prints TAP; PGHOST, PGPORT, PGDATABASE name the server.
"""
import hashlib
import json
import math
import random
import shutil
import struct
import subprocess
import sys
from decimal import Decimal

SEED = 8785
VALUES = 3000
DOUBLES = 12000
KEYS = 400
MAX_EXACT = 1000			# digits of a number that the pipeline takes

FUNCTIONS = """
CREATE FUNCTION pg_temp.exact(json) RETURNS text LANGUAGE C STRICT
	AS '$libdir/sync_ledger', 'sync_test_canonical';
CREATE FUNCTION pg_temp.digest(text[], json[]) RETURNS text LANGUAGE C
	AS '$libdir/sync_ledger', 'sync_test_digest';
CREATE TEMP TABLE input (id integer, value text);
"""

# Appendix B of RFC 8785: the bits of a double and its text.
APPENDIX_B = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""

NODE = """
const canonical = v => Array.isArray(v) ? '[' + v.map(canonical).join() + ']'
	: v === null || typeof v !== 'object' ? JSON.stringify(v)
	: '{' + Object.keys(v).sort().map(k => JSON.stringify(k) + ':' + canonical(v[k])).join() + '}';
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(l => l !== '');
process.stdout.write(lines.map(l => canonical(JSON.parse(l)) + '\\n').join(''));
"""

rng = random.Random(SEED)


class Number:
	"""A number as a token of JSON's grammar."""

	def __init__(self, token):
		self.token = token


# --- the independent implementation -------------------------------------------------

def ecmascript(value):
	"""Number::toString of ECMAScript, from the shortest digits that Python finds."""
	if value == 0:
		return "0"
	sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
	digits = "".join(map(str, digits))
	k, n = len(digits), len(digits) + exponent
	if k <= n <= 21:
		text = digits + "0" * (n - k)
	elif 0 < n <= 21:
		text = digits[:n] + "." + digits[n:]
	elif -6 < n <= 0:
		text = "0." + "0" * -n + digits
	else:
		fraction = "." + digits[1:] if k > 1 else ""
		text = "%s%se%+d" % (digits[0], fraction, n - 1)
	return "-" * sign + text


def is_exact(token):
	value = float(token)
	return not math.isinf(value) and Decimal(repr(value)) == Decimal(token)


def plain(token):
	sign, digits, exponent = Decimal(token).as_tuple()
	text = "".join(map(str, digits))
	if exponent >= 0:
		return "-" * sign + (text + "0" * exponent)
	text = text.rjust(1 - exponent, "0")
	text = (text[:exponent].lstrip("0") or "0") + "." + text[exponent:]
	return "-" * sign + text.rstrip("0").rstrip(".")


def strict_number(number):
	return ecmascript(float(number.token))


def lossless_number(number):
	return strict_number(number) if is_exact(number.token) else plain(number.token)


def hashed_number(number):
	text = lossless_number(number)
	return text if is_exact(number.token) else '"' + text + '"'


def string(text):
	short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
	return '"' + "".join(short.get(c) or ("\\u%04x" % ord(c) if c < " " else c) for c in text) + '"'


def canonical(value, number):
	if value is None:
		return "null"
	if value is True or value is False:
		return "true" if value else "false"
	if isinstance(value, Number):
		return number(value)
	if isinstance(value, str):
		return string(value)
	if isinstance(value, list):
		return "[" + ",".join(canonical(v, number) for v in value) + "]"
	keys = sorted(value, key=lambda k: k.encode("utf-16-be"))
	return "{" + ",".join(string(k) + ":" + canonical(value[k], number) for k in keys) + "}"


def has_inexact(value):
	if isinstance(value, Number):
		return not is_exact(value.token)
	if isinstance(value, dict):
		return any(map(has_inexact, value.values()))
	return isinstance(value, list) and any(map(has_inexact, value))


def sha256(text):
	return hashlib.sha256(text.encode()).hexdigest()


# --- random values, in random spellings ----------------------------------------------

def random_char():
	ranges = [(0x01, 0x1F), (0x20, 0x7F), (0x20, 0x7F), (0x61, 0x7A), (0x80, 0x7FF), (0x800, 0xD7FF),
			  (0xE000, 0xFFFF), (0xFB00, 0xFFFF), (0x10000, 0x10FFFF), (0x1F600, 0x1F64F)]
	return chr(rng.choice([0x22, 0x5C, 0x2F, 0x20AC, rng.randint(*rng.choice(ranges))]))


def random_string():
	if rng.random() < 0.5:
		return "".join(rng.choice("abcdefgXYZ_0123456789 ") for _ in range(rng.randint(0, 24)))
	return "".join(random_char() for _ in range(rng.randint(0, 12)))


def random_double():
	while True:
		value = struct.unpack(">d", rng.getrandbits(64).to_bytes(8, "big"))[0]
		if math.isfinite(value):
			return value


def random_token():
	kind = rng.randrange(7)
	if kind == 0:
		return str(rng.randint(-100, 100))
	if kind == 1:
		return str(rng.randint(-10 ** rng.randint(1, 30), 10 ** rng.randint(1, 30)))
	if kind == 2:
		return "%.*f" % (rng.randint(0, 12), rng.uniform(-1e6, 1e6))
	if kind == 3:
		return "%d.%de%d" % (rng.randint(-9, 9), rng.randrange(10 ** rng.randint(1, 18)), rng.randint(-40, 40))
	if kind == 4:
		return "%s%d.%s" % (rng.choice(["", "-"]), rng.randrange(10 ** rng.randint(1, 12)),
							"".join(rng.choice("0123456789") for _ in range(rng.randint(1, 20))))
	return spell_double(random_double() if kind == 5 else rng.uniform(-10, 10) ** rng.randint(1, 25), MAX_EXACT)


def spell_double(value, max_len):
	"""The shortest form, one with many digits, or all of them."""
	kind = rng.randrange(3)
	every_digit = format(Decimal(value), "f")
	if kind == 0 and len(every_digit) <= max_len:
		return every_digit
	if kind == 1:
		return "%.*e" % (rng.randint(16, 25), value)
	return repr(value)


def random_value(depth):
	kind = rng.randrange(10 if depth > 0 else 6)
	if kind < 2:
		return random_string()
	if kind < 5:
		return Number(random_token())
	if kind == 5:
		return rng.choice([None, True, False])
	size = rng.choice([0, 1, 2, 5, 12, 40])
	if kind < 8:
		return [random_value(depth - 1) for _ in range(min(size, 5))]
	return {random_string(): random_value(depth - 1) for _ in range(size)}


def spell_string(text):
	out = []
	for c in text:
		if c < " " or c in '"\\' or rng.random() < 0.1:
			units = c.encode("utf-16-be")
			out.append("".join("\\u%02x%02X" % (units[i], units[i + 1]) for i in range(0, len(units), 2)))
		elif c == "/" and rng.random() < 0.5:
			out.append("\\/")
		else:
			out.append(c)
	return '"' + "".join(out) + '"'


def space():
	return rng.choice(["", "", "", " ", "\t", "  "])


def spell_member(key, value):
	return spell_string(key) + space() + ":" + spell(value)


def spell(value):
	"""One of the many JSON texts of a value."""
	if value is None or isinstance(value, bool):
		text = json.dumps(value)
	elif isinstance(value, Number):
		text = value.token
	elif isinstance(value, str):
		text = spell_string(value)
	elif isinstance(value, list):
		text = "[" + ",".join(map(spell, value)) + space() + "]"
	else:
		members = [spell_member(k, v) for k, v in value.items()]
		rng.shuffle(members)
		if members and rng.random() < 0.3:
			members.insert(0, spell_member(rng.choice(list(value)), random_value(0)))
		text = "{" + ",".join(members) + space() + "}"
	return space() + text + space()


# --- both sides ------------------------------------------------------------------------

def psql(texts, expression):
	"""What the server makes of each text."""
	rows = "".join("%d\t%s\n" % (i, t.replace("\\", "\\\\").replace("\t", "\\t")) for i, t in enumerate(texts))
	script = FUNCTIONS + "COPY input FROM STDIN;\n" + rows + "\\.\n" + \
		"SELECT %s FROM input ORDER BY id;\n" % expression
	done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-P", "pager=off"],
						  input=script.encode(), stdout=subprocess.PIPE, check=True)
	return done.stdout.decode().split("\n")[:-1]


def node(texts):
	done = subprocess.run(["node", "-e", NODE], input="\n".join(texts).encode(),
						  stdout=subprocess.PIPE, check=True)
	return done.stdout.decode().split("\n")[:-1]


tests = 0
failures = 0


def report(name, texts, got, expected):
	global tests, failures
	tests += 1
	wrong = [i for i in range(len(expected)) if i >= len(got) or got[i] != expected[i]]
	is_good = len(texts) == len(got) == len(expected) > 0 and not wrong
	failures += not is_good
	print("%s %d - %s" % ("ok" if is_good else "not ok", tests, name))
	if not is_good:
		print("# %d of %d differ, %d answers" % (len(wrong), len(expected), len(got)))
	for i in wrong[:3]:
		print("# input:    %r\n# got:      %r\n# expected: %r" % (
			texts[i][:300], got[i][:300] if i < len(got) else None, expected[i][:300]))


def doubles_at_borders():
	"""Powers of two and ten and their neighbours, where shortest decimals go wrong."""
	powers = [2.0 ** e for e in range(-1074, 1024)] + [float("1e%d" % e) for e in range(-323, 309)]
	powers += [m * float("1e%d" % e) for e in range(15, 46) for m in range(2, 100)]
	for power in powers:
		bits = struct.unpack(">q", struct.pack(">d", power))[0]
		for neighbour in (bits - 1, bits, bits + 1):
			value = struct.unpack(">d", struct.pack(">q", neighbour))[0]
			if math.isfinite(value):
				yield value


def check_values():
	values = [random_value(3) for _ in range(VALUES)]
	values = [v for v in values if "inf" not in canonical(v, lambda n: str(abs(float(n.token))))]
	texts = [spell(v) for v in values]
	strict = [canonical(v, strict_number) for v in values]
	report("random values are canonical", texts, psql(texts, "sync_canonical(value::jsonb)"), strict)
	report("and so is their hash", texts, psql(texts, "sync_hash(value::jsonb)"), list(map(sha256, strict)))
	report("their lossless form keeps every digit", texts, psql(texts, "pg_temp.exact(value::json)"),
		   [("null " if v is None else "inexact " if has_inexact(v) else "exact ") + canonical(v, lossless_number)
			for v in values])
	report("a record's hash has numbers that no double holds as strings", texts,
		   psql(texts, "pg_temp.digest(ARRAY['f'], ARRAY[value::json])"),
		   [sha256('{"f":' + canonical(v, hashed_number) + "}") for v in values])
	return texts, strict


def check_keys():
	values = [{random_string(): None for _ in range(40)} for _ in range(KEYS)]
	values += [{p + random_char(): None for _ in range(20)} for p in ("", "1234567", "12345678", "\u20ac\u20ac")
			   for _ in range(KEYS // 4)]
	texts = [spell(v) for v in values]
	strict = [canonical(v, strict_number) for v in values]
	report("random keys are sorted by UTF-16 code unit", texts, psql(texts, "sync_canonical(value::jsonb)"), strict)
	return texts, strict


def check_doubles():
	doubles = [random_double() for _ in range(DOUBLES)] + list(doubles_at_borders())
	tokens = [spell_double(d, 2000) for d in doubles]
	strict = [ecmascript(d) for d in doubles]
	report("doubles have ECMAScript's form", tokens, psql(tokens, "sync_canonical(value::jsonb)"), strict)
	shortest = list(map(repr, doubles))
	report("the shortest form of a double is exact", shortest, psql(shortest, "pg_temp.exact(value::json)"),
		   ["exact " + s for s in strict])
	return tokens, strict


def check_tokens():
	tokens = [random_token() for _ in range(DOUBLES)]
	tokens = [t for t in tokens if not math.isinf(float(t)) and len(plain(t)) <= MAX_EXACT]
	report("a number is exact where a double holds it", tokens, psql(tokens, "pg_temp.exact(value::json)"),
		   ["%s %s" % ("exact" if is_exact(t) else "inexact", lossless_number(Number(t))) for t in tokens])


def check_appendix_b():
	rows = [line.split() for line in APPENDIX_B.strip().split("\n")]
	tokens = [format(Decimal(struct.unpack(">d", bytes.fromhex(bits))[0]), "f") for bits, _ in rows]
	report("appendix B of RFC 8785", tokens, psql(tokens, "sync_canonical(value::jsonb)"), [t for _, t in rows])


def ask_alone(texts, got, strict):
	"""Node 24 loses a key now and then, once it has parsed tens of thousands of texts: what differs is asked again."""
	wrong = [i for i in range(min(len(got), len(strict))) if got[i] != strict[i]]
	for i in wrong[:20]:
		got[i] = node([texts[i]])[0]
	return got


def check_node(texts, strict):
	global tests
	if shutil.which("node"):
		report("JavaScript agrees on all of them", texts, ask_alone(texts, node(texts), strict), strict)
	else:
		tests += 1
		print("ok %d # SKIP node is not installed" % tests)


def main():
	parts = [check_values(), check_keys(), check_doubles()]
	check_tokens()
	check_appendix_b()
	check_node(sum((texts for texts, _ in parts), []), sum((strict for _, strict in parts), []))
	print("1..%d" % tests)
	return 1 if failures else 0


if __name__ == "__main__":
	sys.exit(main())
