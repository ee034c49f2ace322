"""One evaluator for every linker: pairs and clusters against the truth, exactly.

Truth: CSV `id,child` of each file. Pairs: `id_l,id_r,weight,probability`. Clusters: `id,cluster`; a record that is in
no cluster is alone. Where two files are linked, a pair counts only if its records are of different files; the B-cubed
figures are over all records.
"""

import duckdb
import numpy as np


def load_truth(paths):
    """Reads one truth file per linked file. Gives a table `truth` (id, n, child, source) in a fresh connection."""
    con = duckdb.connect()
    con.execute("SET memory_limit='6GB'")
    files = " UNION ALL ".join(
        f"SELECT id, child, {source} AS source FROM read_csv('{path}', all_varchar=true)"
        for source, path in enumerate(paths)
    )
    con.execute(
        f"""CREATE TABLE truth AS
            SELECT id, source, (row_number() OVER ()) - 1 AS n, (dense_rank() OVER (ORDER BY child)) - 1 AS child
            FROM ({files})"""
    )
    return con


def pairs_within(groups, sources):
    """Number of pairs of records of one group; where there are two sources, of one group and different sources."""
    _, sizes = np.unique(groups, return_counts=True)
    total = _pairs(sizes)
    if sources.any():
        _, sizes = np.unique(_combine(groups, sources), return_counts=True)
        total -= _pairs(sizes)
    return total


def _pairs(sizes):
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _combine(a, b):
    return a.astype(np.int64) * (int(b.max()) + 1) + b


def f1(precision, recall):
    """Harmonic mean; 0 where both are 0."""
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def evaluate(truth_paths, pairs_path, clusters_path):
    """All figures of one run as a dict."""
    con = load_truth(truth_paths)
    table = con.execute("SELECT child, source FROM truth ORDER BY n").fetchnumpy()
    child, source = np.asarray(table["child"]), np.asarray(table["source"])
    true_pairs = pairs_within(child, source)
    figures = {"records": len(child), "true_pairs": true_pairs}
    figures |= _pair_figures(con, pairs_path, child, source, true_pairs)
    figures |= cluster_figures(_clusters(con, clusters_path, len(child)), child, source, true_pairs)
    return figures


def _pair_figures(con, path, child, source, true_pairs):
    rows = con.execute(
        f"""SELECT a.n AS a, b.n AS b, CAST(p.weight AS DOUBLE) AS weight, CAST(p.probability AS DOUBLE) AS probability
            FROM read_csv('{path}', all_varchar=true) p
            JOIN truth a ON a.id = p.id_l JOIN truth b ON b.id = p.id_r"""
    ).fetchnumpy()
    a, b = np.minimum(rows["a"], rows["b"]), np.maximum(rows["a"], rows["b"])
    weight, probability = np.asarray(rows["weight"]), np.asarray(rows["probability"])
    _, first = np.unique(a * len(child) + b, return_index=True)
    assert len(first) == len(a), "a pair is given twice"
    if source.any():
        across = source[a] != source[b]
        a, b, weight, probability = a[across], b[across], weight[across], probability[across]
    same = child[a] == child[b]
    found, right = int((probability >= 0.95).sum()), int((same & (probability >= 0.95)).sum())

    order = np.argsort(-weight, kind="stable")
    weight, hits = weight[order], np.cumsum(same[order])
    if len(weight) == 0:
        return {"pairs": 0, "best_f1": 0.0, "best_weight": 0.0, "f1_95": 0.0, "recall_p99": 0.0, "recall_all": 0.0}
    # A threshold takes all pairs of one weight or none.
    last = np.append(weight[1:] != weight[:-1], True)
    hits, taken, weight = hits[last], np.arange(1, len(last) + 1)[last], weight[last]
    precision, recall = hits / taken, hits / true_pairs
    score = 2 * hits / (taken + true_pairs)
    best = int(score.argmax())
    sure = recall[precision >= 0.99]
    surer = recall[precision >= 0.999]
    return {
        "pairs": int(taken[-1]),
        "best_f1": float(score[best]),
        "best_precision": float(precision[best]),
        "best_recall": float(recall[best]),
        "best_weight": float(weight[best]),
        "f1_95": f1(right / max(found, 1), right / true_pairs),
        "recall_p99": float(sure.max(initial=0.0)),
        "recall_p999": float(surer.max(initial=0.0)),
        "recall_all": float(recall[-1]),
    }


def _clusters(con, path, records):
    rows = con.execute(
        f"""SELECT t.n, (dense_rank() OVER (ORDER BY c.cluster)) - 1 AS cluster
            FROM read_csv('{path}', all_varchar=true) c JOIN truth t ON t.id = c.id"""
    ).fetchnumpy()
    # A record in no cluster is alone.
    clusters = np.arange(records, dtype=np.int64) + len(rows["n"])
    clusters[rows["n"]] = rows["cluster"]
    return clusters


def cluster_figures(clusters, child, source, true_pairs):
    """Pairwise and B-cubed precision, recall and F1 of a partition, and its largest cluster."""
    both = _combine(clusters, child)
    found, right = pairs_within(clusters, source), pairs_within(both, source)
    precision, recall = right / max(found, 1), right / max(true_pairs, 1)
    together, in_cluster, of_child = _size_of(both), _size_of(clusters), _size_of(child)
    cubed_precision, cubed_recall = (together / in_cluster).mean(), (together / of_child).mean()
    return {
        "cluster_f1": f1(precision, recall),
        "cluster_precision": precision,
        "cluster_recall": recall,
        "b3_f1": float(f1(cubed_precision, cubed_recall)),
        "largest": int(in_cluster.max()),
    }


def _size_of(groups):
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return sizes[inverse]
