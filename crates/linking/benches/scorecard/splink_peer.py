"""Splink, tuned for each kind of file: `python splink_peer.py KIND OUT THRESHOLD[,THRESHOLD...] FILE.csv [FILE2.csv]`.

KIND is people, febrl, essnet or pseudopeople. OUT gets pairs.csv (`id_l,id_r,weight,probability`), clusters-T.csv
(`id,cluster`) for each threshold T of the match probability, and model.json. The truth is in none of the files given.
Tuned as a careful user would without looking at the truth of the run: 14 to 18 blocking rules, levels of our own, term
frequencies, at least two training sessions, all names and dates cleaned.
"""

import logging
import os
import sys
import time

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

EM_PAIRS = 2e6
U_PAIRS = 1e6
# In bits; pairs below are of no use to a cluster or a threshold.
FLOOR_WEIGHT = -6


# What a column of names or places is brought to: capitals, no accents, single spaces, particles joined to their noun.
MACROS = """
CREATE MACRO plain(t) AS nullif(trim(regexp_replace(regexp_replace(
    strip_accents(upper(coalesce(t, ''))), '[^A-Z0-9]+', ' ', 'g'), ' +', ' ', 'g')), '');
CREATE MACRO joined(t) AS regexp_replace(plain(t), '\\b(DE LAS|DE LOS|DE LA|DEL|DE|LAS|LOS|LA|SAN|SANTA|VAN|VON) ', '\\1', 'g');
CREATE MACRO words(t) AS coalesce(string_split(joined(t), ' '), []);
CREATE MACRO word(list, i) AS nullif(list[i], '');
"""


def level(sql, label, tf=None):
    """A level by its SQL, with term frequency adjustment by the column `tf` where the level is its equality."""
    made = cll.CustomLevel(sql, label)
    return made.configure(tf_adjustment_column=tf, disable_tf_exact_match_detection=True) if tf else made


def exact(column, tf=True):
    made = cll.ExactMatchLevel(column)
    return made.configure(tf_adjustment_column=column) if tf else made


def compare(name, null, *levels):
    return cl.CustomComparison(
        output_column_name=name,
        comparison_levels=[cll.CustomLevel(null, "missing").configure(is_null_level=True), *levels, cll.ElseLevel()],
    )


def missing(column):
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def jw(column, at):
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {at}"


def date_comparison():
    """Birth dates with parts `y`, `m`, `d` and the whole as `dob`."""
    same_md = "m_l = m_r AND d_l = d_r"
    return compare(
        "dob",
        missing("dob"),
        exact("dob"),
        level("y_l = y_r AND m_l = d_r AND d_l = m_r", "day and month swapped"),
        level("damerau_levenshtein(dob_l, dob_r) <= 1", "one digit"),
        level(f"{same_md} AND abs(try_cast(y_l AS INT) - try_cast(y_r AS INT)) <= 1", "a year off"),
        level("y_l = y_r AND ((m_l = '01' AND d_l = '01') OR (m_r = '01' AND d_r = '01'))", "1 January"),
        level("y_l = y_r AND (m_l = m_r OR d_l = d_r)", "same year and month or day"),
        level(same_md, "same month and day"),
        level("damerau_levenshtein(dob_l, dob_r) <= 2", "two digits"),
        level("y_l = y_r", "same year"),
    )


def people():
    """Students of several states, with parents and brothers and sisters. Duplicates within a state are sought too."""
    sql = """
    WITH a AS (SELECT *, words(last_name_1) || words(last_name_2) AS sur, words(regexp_replace(plain(first_name), '^MA ', 'MARIA ')) || words(middle_name) AS giv FROM raw)
    SELECT id AS unique_id, state, word(sur, 1) AS sur1, word(sur, 2) AS sur2, word(giv, 1) AS giv1, word(giv, 2) AS giv2,
        array_to_string(giv, ' ') AS giv_all, array_to_string(sur, ' ') AS sur_all, plain(suffix) AS suffix,
        nullif(birth_date, '') AS dob, birth_date[1:4] AS y, birth_date[6:7] AS m, birth_date[9:10] AS d,
        nullif(sex, '') AS sex, nullif(multiple_birth, '') AS multiple,
        plain(birth_city) AS city, plain(birth_state) AS born_state, plain(birth_country) AS country,
        word(words(mother_first), 1) AS mother_first, word(words(mother_last), 1) AS mother_last,
        word(words(father_first), 1) AS father_first, word(words(father_last), 1) AS father_last,
        list_filter([word(words(mother_first), 1) || ' ' || word(words(mother_last), 1),
            word(words(father_first), 1) || ' ' || word(words(father_last), 1),
            word(words(guardian_first), 1) || ' ' || word(words(guardian_last), 1)], lambda x: x IS NOT NULL) AS parents,
        word(words(mother_first), 1) || ' ' || word(words(mother_last), 1) AS mother,
        word(words(father_first), 1) || ' ' || word(words(father_last), 1) AS father,
        list_sort(sur)[1] AS sur_a, list_sort(sur)[2] AS sur_b,
        left(giv[1], 3) AS g3, left(sur[1], 3) AS s3, left(giv[1], 1) AS g1, month_day AS md
    FROM (SELECT *, birth_date[6:10] AS month_day FROM a)
    """
    second_differs = "giv2_l IS NOT NULL AND giv2_r IS NOT NULL AND left(giv2_l, 1) <> left(giv2_r, 1)"
    both_parents = "mother_l = mother_r AND father_l = father_r"
    comparisons = [
        compare(
            "given",
            missing("giv1"),
            level("giv_all_l = giv_all_r AND giv2_l IS NOT NULL", "all given names", "giv_all"),
            level(f"giv1_l = giv1_r AND {second_differs}", "first equal, second differs", "giv1"),
            exact("giv1"),
            level("giv1_l = giv2_r OR giv2_l = giv1_r", "one's first is the other's second"),
            level(jw("giv1", 0.92), "close"),
            level("giv2_l = giv2_r AND len(giv2_l) > 1", "second equal"),
            level(jw("giv1", 0.82), "less close"),
            level("g1_l = g1_r", "initial"),
        ),
        compare(
            "surname",
            missing("sur1"),
            level("sur_all_l = sur_all_r AND sur2_l IS NOT NULL", "both equal", "sur_all"),
            level("sur1_l = sur2_r AND sur2_l = sur1_r", "swapped"),
            level(f"sur1_l = sur1_r AND sur2_l <> sur2_r AND NOT {jw('sur2', 0.88)}", "first equal, second differs"),
            exact("sur1"),
            level("sur1_l = sur2_r OR sur2_l = sur1_r", "one's first is the other's second"),
            level(f"{jw('sur1', 0.88)} AND (sur2_l IS NULL OR sur2_r IS NULL OR {jw('sur2', 0.88)})", "close"),
            level("sur2_l = sur2_r", "second equal"),
            level(jw("sur1", 0.88), "first close, second differs"),
        ),
        date_comparison(),
        compare("sex", missing("sex"), exact("sex", tf=False)),
        compare(
            "parents",
            "len(parents_l) = 0 OR len(parents_r) = 0",
            level(both_parents, "both parents"),
            level("mother_l = father_r AND father_l = mother_r", "both, swapped"),
            level("mother_l = mother_r AND (father_l IS NULL OR father_r IS NULL)", "mother, father missing", "mother"),
            level("father_l = father_r AND (mother_l IS NULL OR mother_r IS NULL)", "father, mother missing", "father"),
            level("mother_first_l = mother_first_r AND (father_l = father_r)", "mother's other surname"),
            level("list_has_any(parents_l, parents_r)", "one"),
            level("mother_first_l = mother_first_r AND (father_first_l IS NULL OR father_first_r IS NULL OR father_first_l = father_first_r)", "mother's first name", "mother_first"),
            level("mother_first_l = mother_first_r OR father_first_l = father_first_r", "a first name"),
            level(f"{jw('mother_first', 0.88)} OR {jw('father_first', 0.88)}", "a first name close"),
        ),
        compare(
            "born",
            "(city_l IS NULL OR city_r IS NULL) AND (born_state_l IS NULL OR born_state_r IS NULL)",
            exact("city"),
            level(jw("city", 0.88), "close"),
            level("(city_l IS NULL OR city_r IS NULL) AND born_state_l = born_state_r", "state only known"),
            level("born_state_l = born_state_r", "same state"),
            level("country_l = country_r", "same country"),
        ),
        # Twins share all but the given name: the mark on both says no more than their birth date.
        compare(
            "multiple",
            missing("multiple") + " OR (multiple_l = 'Y' AND multiple_r = 'Y')",
            level("multiple_l = multiple_r", "neither"),
        ),
        compare("state", "state_l IS NULL", level("state_l = state_r", "two identifiers of one state")),
    ]
    rules = [
        block_on("dob", "giv1"),
        block_on("dob", "sur1"),
        block_on("dob", "sur2"),
        block_on("dob", "mother_first"),
        block_on("dob", "father_first"),
        "l.dob = r.dob AND l.sur1 = r.sur2",
        "l.dob = r.dob AND l.giv1 = r.giv2",
        block_on("giv1", "sur_a", "sur_b"),
        "l.giv1 = r.giv1 AND l.sur1 = r.sur2 AND l.md = r.md",
        block_on("giv1", "sur1", "mother_first"),
        block_on("giv1", "mother_first", "mother_last", "y"),
        block_on("g3", "s3", "md"),
        block_on("g3", "s3", "y", "mother_first"),
        block_on("sur1", "mother_first", "father_first", "y"),
    ]
    return {
        "sql": sql,
        "comparisons": comparisons,
        "rules": rules,
        "certain": [block_on("giv_all", "sur_all", "dob"), block_on("giv1", "sur1", "dob", "mother_first")],
        "certain_recall": 0.6,
        # Marked twins would teach that a child's given name changes.
        "train": ["l.dob = r.dob AND coalesce(l.multiple, 'N') = 'N' AND coalesce(r.multiple, 'N') = 'N'", block_on("giv1", "sur1", "mother_first")],
    }


def name_comparison(column, other):
    """One of two names that may stand in each other's field."""
    return compare(
        column,
        missing(column),
        exact(column),
        level(f"{column}_l = {other}_r OR {other}_l = {column}_r", "in the other's field"),
        level(jw(column, 0.92), "close"),
        level(f"damerau_levenshtein({column}_l, {column}_r) <= 2", "two letters"),
        level(jw(column, 0.8), "less close"),
    )


def febrl():
    """Australian people with address and social security number; several duplicates of one, with heavy typing errors."""
    sql = """
    SELECT id AS unique_id, plain(given_name) AS given, plain(surname) AS surname, plain(street_number) AS number,
        plain(address_1) AS street, plain(address_2) AS estate, plain(suburb) AS suburb, plain(postcode) AS postcode,
        plain(state) AS state, plain(date_of_birth) AS dob, plain(soc_sec_id) AS ssn,
        dob[1:4] AS y, dob[5:6] AS m, dob[7:8] AS d, left(given, 3) AS g3, left(surname, 3) AS s3
    FROM raw
    """
    edit = "damerau_levenshtein"
    comparisons = [
        name_comparison("given", "surname"),
        name_comparison("surname", "given"),
        date_comparison(),
        compare("ssn", missing("ssn"), exact("ssn", tf=False), level(f"{edit}(ssn_l, ssn_r) <= 1", "one digit"), level(f"{edit}(ssn_l, ssn_r) <= 2", "two digits")),
        compare(
            "street",
            missing("street"),
            level("street_l = street_r AND number_l = number_r", "with number"),
            exact("street"),
            level("street_l = estate_r OR estate_l = street_r", "in the other's field"),
            level(jw("street", 0.9), "close"),
            level(jw("street", 0.8), "less close"),
        ),
        compare("estate", missing("estate"), exact("estate"), level(jw("estate", 0.9), "close"), level(jw("estate", 0.8), "less close")),
        compare(
            "suburb",
            "(suburb_l IS NULL OR suburb_r IS NULL) AND (postcode_l IS NULL OR postcode_r IS NULL)",
            level("suburb_l = suburb_r AND postcode_l = postcode_r", "with postcode"),
            level("suburb_l = suburb_r OR postcode_l = postcode_r", "one of suburb and postcode"),
            level(f"{jw('suburb', 0.88)} OR {edit}(postcode_l, postcode_r) <= 1", "close"),
        ),
        compare("state", missing("state"), exact("state", tf=False)),
    ]
    rules = [
        block_on("ssn"),
        block_on("given", "surname"),
        "l.given = r.surname AND l.surname = r.given",
        block_on("suburb", "given"),
        block_on("suburb", "surname"),
        block_on("postcode", "surname"),
        block_on("postcode", "given"),
        block_on("street", "given"),
        block_on("street", "surname"),
        block_on("street", "number"),
        block_on("estate", "postcode"),
        block_on("estate", "given"),
        block_on("dob"),
        block_on("g3", "s3", "y"),
        block_on("g3", "s3", "postcode"),
    ]
    certain = [block_on("ssn", "dob"), block_on("given", "surname", "dob"), block_on("ssn", "surname")]
    train = [block_on("dob"), block_on("surname", "postcode"), block_on("ssn")]
    return {"sql": sql, "comparisons": comparisons, "rules": rules, "certain": certain, "certain_recall": 0.8, "train": train}


def essnet():
    """A census and a patient register. Families share address and surname, so the address is one comparison, and
    nothing is learned from pairs that share it."""
    sql = """
    SELECT id AS unique_id, plain(first_name) AS given, plain(last_name) AS surname, plain(sex) AS sex,
        nullif(birth_day, '') AS d, nullif(birth_month, '') AS m, nullif(birth_year, '') AS y,
        birth_year || '-' || lpad(birth_month, 2, '0') || '-' || lpad(birth_day, 2, '0') AS dob,
        plain(address) AS address, replace(plain(postcode), ' ', '') AS postcode,
        left(given, 3) AS g3, left(surname, 3) AS s3, left(given, 1) AS g1, string_split(address, ' ')[1] AS number
    FROM raw
    """
    dates = compare(
        "dob",
        "(y_l IS NULL OR y_r IS NULL) AND (m_l IS NULL OR m_r IS NULL) AND (d_l IS NULL OR d_r IS NULL)",
        level("y_l = y_r AND m_l = m_r AND d_l = d_r", "exact"),
        level("y_l = y_r AND m_l = d_r AND d_l = m_r", "day and month swapped"),
        level("((y_l = y_r)::INT + (m_l = m_r)::INT + (d_l = d_r)::INT) = 2", "one part differs"),
        level(
            "(coalesce(y_l = y_r, true) AND coalesce(m_l = m_r, true) AND coalesce(d_l = d_r, true)) AND (y_l = y_r OR (m_l = m_r AND d_l = d_r))",
            "all that is known",
        ),
        level("coalesce(y_l = y_r, true) AND coalesce(m_l = m_r, true) AND coalesce(d_l = d_r, true)", "little is known"),
        level("y_l = y_r OR (m_l = m_r AND d_l = d_r)", "year, or day and month"),
    )
    comparisons = [
        name_comparison("given", "surname"),
        name_comparison("surname", "given"),
        dates,
        compare("sex", missing("sex"), exact("sex", tf=False)),
        compare(
            "address",
            missing("postcode") + " OR " + missing("address"),
            level("postcode_l = postcode_r AND address_l = address_r", "both"),
            level(f"(postcode_l = postcode_r AND {jw('address', 0.9)}) OR (address_l = address_r AND damerau_levenshtein(postcode_l, postcode_r) <= 2)", "one, the other close"),
            level("postcode_l = postcode_r OR address_l = address_r", "one"),
            level("damerau_levenshtein(postcode_l, postcode_r) <= 1", "postcode close"),
        ),
    ]
    rules = [
        block_on("given", "surname", "y"),
        block_on("given", "surname", "m", "d"),
        block_on("given", "y", "m", "d"),
        block_on("surname", "y", "m", "d"),
        block_on("postcode", "given"),
        block_on("address", "given"),
        block_on("postcode", "y", "m"),
        block_on("postcode", "m", "d"),
        block_on("postcode", "y", "d"),
        block_on("postcode", "surname", "sex", "g1"),
        block_on("address", "surname", "sex", "g1"),
        block_on("postcode", "surname", "y"),
        block_on("address", "y", "m", "d"),
        block_on("g3", "s3", "y", "m"),
        block_on("g3", "s3", "m", "d"),
        block_on("given", "surname", "number"),
    ]
    certain = [block_on("given", "surname", "dob"), block_on("postcode", "given", "surname", "sex")]
    train = [block_on("dob"), block_on("given", "surname")]
    return {"sql": sql, "comparisons": comparisons, "rules": rules, "certain": certain, "certain_recall": 0.85, "train": train}


def pseudopeople():
    """A census and the social security births of the same people: names, birth date and sex are all they share."""

    def sql(file):
        # The census writes MM/DD/YYYY, social security YYYYMMDD.
        date, middle = [
            ("date_of_birth[7:10] || '-' || date_of_birth[1:2] || '-' || date_of_birth[4:5]", "middle_initial"),
            ("date_of_birth[1:4] || '-' || date_of_birth[5:6] || '-' || date_of_birth[7:8]", "middle_name"),
        ][file]
        return f"""
        SELECT id AS unique_id, plain(first_name) AS given, left(plain({middle}), 1) AS middle, plain(last_name) AS surname,
            nullif({date}, '--') AS dob, dob[1:4] AS y, dob[6:7] AS m, dob[9:10] AS d, plain(sex) AS sex,
            left(given, 3) AS g3, left(surname, 3) AS s3, left(given, 1) AS g1, left(surname, 1) AS s1
        FROM raw
        """

    comparisons = [
        name_comparison("given", "surname"),
        compare("middle", missing("middle"), exact("middle")),
        name_comparison("surname", "given"),
        date_comparison(),
        compare("sex", missing("sex"), exact("sex", tf=False)),
    ]
    rules = [
        block_on("given", "surname"),
        block_on("given", "dob"),
        block_on("surname", "dob"),
        block_on("dob", "sex"),
        "l.given = r.surname AND l.surname = r.given",
        block_on("given", "y", "m"),
        block_on("given", "y", "d"),
        block_on("given", "m", "d"),
        block_on("surname", "y", "m"),
        block_on("surname", "y", "d"),
        block_on("surname", "m", "d"),
        "l.given = r.given AND l.y = r.y AND l.m = r.d AND l.d = r.m",
        "l.surname = r.surname AND l.y = r.y AND l.m = r.d AND l.d = r.m",
        block_on("g3", "s3", "y"),
        block_on("g3", "s3", "m", "d"),
    ]
    certain = [block_on("given", "surname", "dob")]
    train = [block_on("dob"), block_on("given", "surname")]
    return {"sql": sql, "comparisons": comparisons, "rules": rules, "certain": certain, "certain_recall": 0.8, "train": train}


KINDS = {"people": people, "febrl": febrl, "essnet": essnet, "pseudopeople": pseudopeople}


def link(kind, out, thresholds, files):
    """Trains, predicts and clusters; writes the pairs and the clusters. How long each step took goes to the log."""
    began = time.monotonic()

    def done(step):
        print(f"{time.monotonic() - began:7.2f} s: {step}", flush=True)

    con = duckdb.connect()
    con.execute(f"SET memory_limit='8GB'; SET temp_directory='{out}/spill'; SET enable_progress_bar=false")
    con.execute(MACROS)
    model = KINDS[kind]()
    api = DuckDBAPI(con)
    tables = []
    for number, file in enumerate(files):
        con.execute(f"CREATE OR REPLACE VIEW raw AS SELECT * FROM read_csv('{file}', all_varchar=true)")
        sql = model["sql"]
        con.execute(f"CREATE TABLE input{number} AS {sql(number) if callable(sql) else sql}")
        tables.append(api.register(f"input{number}", dataset_display_name=f"file{number}"))
    settings = SettingsCreator(
        link_type="link_only" if len(files) > 1 else "dedupe_only",
        comparisons=model["comparisons"],
        blocking_rules_to_generate_predictions=model["rules"],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    linker = Linker(tables, settings, log_level=logging.WARNING)
    train = linker.training
    done("loaded")
    train.estimate_probability_two_random_records_match(model["certain"], recall=model["certain_recall"])
    done("prior")
    train.estimate_u_using_random_sampling(max_pairs=U_PAIRS, seed=1)
    done("u")
    for rule in model["train"]:
        train.estimate_parameters_using_expectation_maximisation(rule, max_pairs=EM_PAIRS)
    done("m")
    linker.misc.save_model_to_json(f"{out}/model.json", overwrite=True)
    found = linker.inference.predict(threshold_match_weight=FLOOR_WEIGHT)
    done("predicted")
    con.execute(
        f"""COPY (SELECT unique_id_l AS id_l, unique_id_r AS id_r, match_weight AS weight, match_probability AS probability
            FROM {found.physical_name}) TO '{out}/pairs.csv' (HEADER)"""
    )
    done("pairs written")
    for threshold in thresholds:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(found, float(threshold))
        con.execute(
            f"COPY (SELECT unique_id AS id, cluster_id AS cluster FROM {clusters.physical_name}) TO '{out}/clusters-{threshold}.csv' (HEADER)"
        )
    done("clustered")


if __name__ == "__main__":
    os.makedirs(sys.argv[2], exist_ok=True)
    link(sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4:])
