"""The evaluator against the definitions, counted one by one: `python test_evaluate.py`."""

import itertools
import os
import random
import tempfile

from evaluate import evaluate


def write(path, header, rows):
    with open(path, "w") as out:
        out.writelines(",".join(map(str, row)) + "\n" for row in [header, *rows])


def by_hand(child, source, pairs, cluster):
    """The same figures straight from their definitions."""
    ids = list(child)
    two = len(set(source.values())) > 1
    counts = [p for p in itertools.combinations(ids, 2) if not two or source[p[0]] != source[p[1]]]
    true = {frozenset(p) for p in counts if child[p[0]] == child[p[1]]}
    best, sure = 0.0, 0.0
    for threshold in {p[2] for p in pairs}:
        taken = [frozenset(p[:2]) for p in pairs if p[2] >= threshold and (not two or source[p[0]] != source[p[1]])]
        if not taken:
            continue
        right = sum(p in true for p in taken)
        best = max(best, 2 * right / (len(taken) + len(true)))
        if right / len(taken) >= 0.99:
            sure = max(sure, right / len(true))
    together = {frozenset(p) for p in counts if cluster[p[0]] == cluster[p[1]]}
    right = len(together & true)
    pair_f1 = 2 * right / (len(together) + len(true))
    precision = recall = 0.0
    for one in ids:
        mine = {i for i in ids if cluster[i] == cluster[one]}
        truly = {i for i in ids if child[i] == child[one]}
        precision += len(mine & truly) / len(mine) / len(ids)
        recall += len(mine & truly) / len(truly) / len(ids)
    return best, sure, pair_f1, 2 * precision * recall / (precision + recall)


def check(seed, files):
    rng = random.Random(seed)
    ids = [f"r{n}" for n in range(40)]
    child = {i: rng.randrange(15) for i in ids}
    source = {i: n % files for n, i in enumerate(ids)}
    cluster = {i: rng.choice([child[i], 100 + rng.randrange(8), f"own-{i}"]) for i in ids}
    chosen = rng.sample(list(itertools.combinations(ids, 2)), 200)
    # Few different weights, so that there are ties.
    pairs = [(*rng.sample(p, 2), rng.randrange(6) + 2 * (child[p[0]] == child[p[1]])) for p in chosen]
    with tempfile.TemporaryDirectory() as folder:
        truths = [os.path.join(folder, f"truth-{n}.csv") for n in range(files)]
        for n, path in enumerate(truths):
            write(path, ["id", "child"], [(i, child[i]) for i in ids if source[i] == n])
        write(f"{folder}/pairs.csv", ["id_l", "id_r", "weight", "probability"], [(*p, 0.5) for p in pairs])
        alone = [(i, c) for i, c in cluster.items() if not str(c).startswith("own")]
        write(f"{folder}/clusters.csv", ["id", "cluster"], alone)
        got = evaluate(truths, f"{folder}/pairs.csv", f"{folder}/clusters.csv")
    wanted = by_hand(child, source, pairs, cluster)
    for name, want in zip(("best_f1", "recall_p99", "cluster_f1", "b3_f1"), wanted, strict=True):
        assert abs(got[name] - want) < 1e-9, (seed, files, name, got[name], want)


if __name__ == "__main__":
    for seed in range(30):
        check(seed, 1)
        check(seed, 2)
    print("60 passed, 0 failed")
