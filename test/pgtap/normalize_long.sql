-- A long text is composed piece by piece, and comes to what it is as a whole.
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.composed(sent text) RETURNS text LANGUAGE sql AS $$
	SELECT value #>> '{}' FROM sync_read('{"systems": ["crm"], "fields": {"text": {"normalize": ["nfc"]}}}', 'crm',
		jsonb_build_object('record_key', '1', 'text', sent)::text)
$$;

-- the pieces end at about 65,536 bytes: each text is shifted over that place
CREATE FUNCTION pg_temp.wrong(unit text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM generate_series(0, octet_length(unit)) AS shift,
		LATERAL (SELECT repeat('x', 65520 + shift) || repeat(unit, 40) AS long) AS t
	WHERE pg_temp.composed(long) IS DISTINCT FROM normalize(long, NFC)
$$;

SELECT is(pg_temp.wrong(unit), 0::bigint, what) FROM (VALUES
	(U&'e\0301', 'a letter and its accent'),
	(U&'e\0323\0302', 'two accents that change places with each other'),
	(U&'a\0315\0300\05ae\0300b', 'accents of several classes'),
	(U&'\1112\1161\11ab', 'jamos of a Hangul syllable'),
	(U&'\ac00\11a8', 'a Hangul syllable and its last jamo'),
	(U&'\304b\3099', 'kana and its voiced mark'),
	(U&'\0433\0301\03b1\0345', 'Cyrillic and Greek'),
	(U&'\+01d157\+01d165', 'a character that is excluded from composition'),
	(U&'\0928\093c', 'a letter of a script that begins nothing anew')) AS t (unit, what);

-- where nothing in it begins anew a text is one piece
SELECT is(pg_temp.composed(repeat(U&'\0928\093c', 30000)), normalize(repeat(U&'\0928\093c', 30000), NFC), 'a text of one piece');

SELECT * FROM finish();
