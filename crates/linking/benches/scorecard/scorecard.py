"""Mariposa and Splink on the same files, by one evaluator: `python scorecard.py --mariposa target/release/mariposa`.

Both run as child processes, in turn, each set ROUNDS times; wall time, user and system CPU time and peak memory are
those of the whole process, as the kernel counts them. Medians are shown. The table goes to standard output, the raw
figures to WORK/scorecard.json.
"""

import argparse
import csv
import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time

from evaluate import evaluate

HERE = os.path.dirname(os.path.abspath(__file__))
SPLINK_THRESHOLD = "0.95"
SPLINK_THRESHOLDS = "0.5,0.8,0.95,0.99,0.999,0.9999"
NATIONS = [(1, "10k", 10_000), (2, "10k", 10_000), (3, "10k", 10_000), (1, "100k", 100_000), (1, "1m", 1_000_000)]
FEBRL_COLUMNS = {"given_name": "first_name", "surname": "last_name_1", "street_number": "address",
                 "address_1": "address", "address_2": "address", "suburb": "place", "postcode": "postcode",
                 "state": "other", "date_of_birth": "birth_date", "soc_sec_id": "alternate_id"}
ESSNET_COLUMNS = {"first_name": "first_name", "last_name": "last_name_1", "sex": "sex", "birth_day": "birth_day",
                  "birth_month": "birth_month", "birth_year": "birth_year", "address": "address",
                  "postcode": "postcode"}
# What only one of the two files has says nothing.
PSEUDOPEOPLE_COLUMNS = {"first_name": "first_name", "middle_initial": "middle_name", "middle_name": "middle_name",
                        "last_name": "last_name_1", "date_of_birth": "birth_date", "sex": "sex",
                        "age": "ignore", "street_number": "ignore", "street_name": "ignore", "unit_number": "ignore",
                        "city": "ignore", "state": "ignore", "zipcode": "ignore", "ssn": "ignore"}


def sets():
    """Name, Splink's kind, the files, and what our command is told beside them."""
    for seed, size, _ in NATIONS:
        # Its columns have the elements' names.
        yield f"nation-{seed}-{size}", "people", [f"nation-{seed}-{size}"], ["--source", "state"]
    for name in ("febrl1", "febrl2", "febrl3"):
        yield name, "febrl", [name], mapped(FEBRL_COLUMNS)
    yield "febrl4", "febrl", ["febrl4-a", "febrl4-b"], ["--across", *mapped(FEBRL_COLUMNS)]
    yield "essnet", "essnet", ["essnet-census", "essnet-cis"], ["--across", *mapped(ESSNET_COLUMNS)]
    files = ["pseudopeople-census", "pseudopeople-births"]
    yield "pseudopeople", "pseudopeople", files, ["--across", *mapped(PSEUDOPEOPLE_COLUMNS)]


def mapped(columns):
    """A `--map` for each column."""
    return [argument for column, element in columns.items() for argument in ("--map", f"{column}={element}")]


def make_nation(mariposa, data, seed, size, students):
    """Makes a nation where it is not there yet, and takes the truth out of it."""
    blind = os.path.join(data, f"nation-{seed}-{size}.csv")
    if os.path.exists(blind):
        return
    whole = blind + ".whole"
    command = [mariposa, "simulate", "--seed", str(seed), "--students", str(students), "--nights", "1", "--people", whole]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    truth = blind.removesuffix(".csv") + ".truth.csv"
    with open(whole, newline="") as people, open(blind, "w", newline="") as a, open(truth, "w", newline="") as b:
        rows, without, child = csv.reader(people), csv.writer(a), csv.writer(b)
        for row in rows:
            without.writerow(row[:-1])
            child.writerow([row[0], row[-1]])
    os.remove(whole)


# A child's peak memory counts what it was forked from, so something small forks it.
METER = """
import json, os, sys, time
began = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(child, 0)
print(json.dumps({
    "code": os.waitstatus_to_exitcode(status),
    "wall": time.monotonic() - began,
    "cpu": usage.ru_utime + usage.ru_stime,
    "rss": usage.ru_maxrss / 1024,
}))
"""


def run(command, log):
    """Runs a child to its end: wall seconds, CPU seconds, peak resident MiB."""
    with open(log, "w") as out:
        meter = [sys.executable, "-I", "-S", "-c", METER, *command]
        figures = json.loads(subprocess.run(meter, stdout=subprocess.PIPE, stderr=out, check=True).stdout)
    code = figures.pop("code")
    if code != 0:
        with open(log) as said:
            raise RuntimeError(f"{' '.join(command)} ended with {code}: {said.read()[-2000:]}")
    return figures


def splink_command(kind, out, thresholds, files):
    return [sys.executable, os.path.join(HERE, "splink_peer.py"), kind, out, thresholds, *files]


def score(name, kind, files, arguments, options, with_splink):
    """Both linkers on one set, in turn; their figures by the name of the linker."""
    paths = [os.path.join(options.data, f"{file}.csv") for file in files]
    truth = [os.path.join(options.data, f"{file}.truth.csv") for file in files]
    times, commands, outputs = {}, {}, {}
    if options.mariposa:
        out = os.path.join(options.work, name, "mariposa")
        outputs["mariposa"] = (f"{out}/pairs.csv", f"{out}/clusters.csv")
        commands["mariposa"] = [options.mariposa, "link", "run", *paths, "--id", "id", "--out", f"{out}/clusters.csv",
                                "--pairs", f"{out}/pairs.csv", *arguments]
    if with_splink:
        out = os.path.join(options.work, name, "splink")
        outputs["splink"] = (f"{out}/pairs.csv", f"{out}/clusters-{SPLINK_THRESHOLD}.csv")
        commands["splink"] = splink_command(kind, out, SPLINK_THRESHOLD, paths)
    for linker in commands:
        os.makedirs(os.path.join(options.work, name, linker), exist_ok=True)
    for _ in range(options.rounds):
        for linker, command in commands.items():
            log = os.path.join(options.work, name, f"{linker}.log")
            times.setdefault(linker, []).append(run(command, log))
    figures = {}
    for linker, rounds in times.items():
        medians = {of: statistics.median(r[of] for r in rounds) for of in rounds[0]}
        figures[linker] = medians | {"rounds": rounds} | evaluate(truth, *outputs[linker])
    if with_splink:
        figures["splink"] |= best_clusters(kind, os.path.join(options.work, name, "splink-best"), paths, truth)
    return figures


def best_clusters(kind, out, paths, truth):
    """Splink's clusters at the threshold that the truth likes best, outside of the measured time."""
    os.makedirs(out, exist_ok=True)
    run(splink_command(kind, out, SPLINK_THRESHOLDS, paths), f"{out}.log")
    tried = {t: evaluate(truth, f"{out}/pairs.csv", f"{out}/clusters-{t}.csv") for t in SPLINK_THRESHOLDS.split(",")}
    best = max(tried, key=lambda t: tried[t]["cluster_f1"])
    return {
        "best_threshold": best,
        "best_cluster_f1": tried[best]["cluster_f1"],
        "best_b3_f1": max(t["b3_f1"] for t in tried.values()),
    }


COLUMNS = ["set", "linker", "best F1 (P/R)", "F1 at .95", "R at P .99", "R at P .999", "cluster F1 / B³", "largest",
           "at best threshold", "wall s", "CPU s", "MiB", "pairs"]


def rows(name, figures):
    """The Markdown rows of one set: a linker each, and how many times more Splink takes."""
    for linker, f in figures.items():
        best = f"{f['best_cluster_f1']:.4f} / {f['best_b3_f1']:.4f}" if "best_threshold" in f else ""
        cells = [name, linker, f"{f['best_f1']:.4f} ({f.get('best_precision', 0):.3f}/{f.get('best_recall', 0):.3f})",
                 f"{f['f1_95']:.4f}", f"{f['recall_p99']:.3f}", f"{f.get('recall_p999', 0):.3f}",
                 f"{f['cluster_f1']:.4f} / {f['b3_f1']:.4f}", f["largest"], best,
                 f"{f['wall']:.2f}", f"{f['cpu']:.2f}", f"{f['rss']:.0f}", f["pairs"]]
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"
    if len(figures) == 2:
        ratio = {of: figures["splink"][of] / figures["mariposa"][of] for of in ("wall", "cpu", "rss")}
        cells = [name, "Splink ÷ ours", *[""] * 7, *[f"{ratio[of]:.1f}×" for of in ("wall", "cpu", "rss")], ""]
        yield "| " + " | ".join(cells) + " |"


def machine():
    """Processor, cores and memory."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mariposa", help="the program, built for release; without it only Splink runs")
    parser.add_argument("--data", default="scorecard-data", help="folder of datasets.py; nations are made in it")
    parser.add_argument("--work", default="scorecard-work", help="folder for what the linkers write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sets", nargs="*", help="only these, by the beginning of their names")
    parser.add_argument("--no-splink", action="store_true")
    options = parser.parse_args()
    with_splink = not options.no_splink and importlib.util.find_spec("splink") is not None
    os.makedirs(options.work, exist_ok=True)
    os.makedirs(options.data, exist_ok=True)
    wanted = [s for s in sets() if not options.sets or any(s[0].startswith(w) for w in options.sets)]
    if options.mariposa:
        names = {name for name, *_ in wanted}
        for seed, size, students in NATIONS:
            if f"nation-{seed}-{size}" in names:
                make_nation(options.mariposa, options.data, seed, size, students)
    version = importlib.metadata.version("splink") if with_splink else "absent"
    print(f"{datetime.date.today()}, {machine()}, Splink {version}, medians of {options.rounds}\n")
    print("| " + " | ".join(COLUMNS) + " |")
    print("| " + " | ".join("---" for _ in COLUMNS) + " |", flush=True)
    everything = {}
    for name, kind, files, arguments in wanted:
        if not all(os.path.exists(os.path.join(options.data, f"{file}.csv")) for file in files):
            print(f"{name} left out: {options.data} has no {files[0]}.csv", file=sys.stderr)
            continue
        everything[name] = score(name, kind, files, arguments, options, with_splink)
        for row in rows(name, everything[name]):
            print(row, flush=True)
        with open(os.path.join(options.work, "scorecard.json"), "w") as out:
            json.dump(everything, out, indent=1)


if __name__ == "__main__":
    main()
