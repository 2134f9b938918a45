"""Extremely randomised trees kept as plain arrays: fitted by scikit-learn, walked by numpy.

scikit-learn asks its trees one after the other, 20 ms a forest for a single row. Here all trees of a forest are walked
at once, so that one chat takes no longer than a chat of a batch. Nothing of it is ever unpickled.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_MOST_CELLS = 2_000_000
"""Rows × trees that are walked together: keeps memory small in large batches."""


@dataclass(frozen=True, slots=True)
class Forest:
    """A fitted forest.

    Attributes:
        roots: number of the root node of each tree.
        left: per node, the child for values up to the threshold; the node itself at a leaf.
        right: per node, the other child; the node itself at a leaf.
        column: per node, the column that is compared; 0 at a leaf.
        threshold: per node.
        values: per node, the mean target, shape (nodes, outputs).
        depth: of the deepest tree.
    """

    roots: Ints
    left: Ints
    right: Ints
    column: Ints
    threshold: Floats
    values: Floats
    depth: int

    def predict(self, rows: Floats) -> Floats:
        """Mean target of all trees per row, shape (rows, outputs): probabilities where targets are 0 and 1."""
        step = max(1, _MOST_CELLS // len(self.roots))
        parts = [self._walk(rows[start : start + step]) for start in range(0, len(rows), step)]
        return np.concatenate(parts) if parts else np.zeros((0, self.values.shape[1]))

    def _walk(self, rows: Floats) -> Floats:
        rows = rows.astype(np.float32).astype(np.float64)  # scikit-learn grows its trees on single precision
        node = np.repeat(self.roots[None, :], len(rows), axis=0)
        line = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            node = np.where(rows[line, self.column[node]] <= self.threshold[node], self.left[node], self.right[node])
        mean: Floats = self.values[node].mean(axis=1)
        return mean


def fit_forest(
    rows: Floats, targets: Floats, weights: Floats | None, *, leaf: int, seed: int, trees: int = 150
) -> Forest:
    """Fit a forest.

    Args:
        rows: shape (examples, columns).
        targets: shape (examples, outputs), each 0 or 1.
        weights: of the examples; ``None``: all alike.
        leaf: fewest examples in a leaf.
        seed: the same seed gives the same forest.
        trees: how many.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    # Squared error on 0 and 1 is the Gini criterion; several outputs share their trees.
    fitted = ExtraTreesRegressor(
        trees, min_samples_leaf=min(leaf, max(1, len(rows) // 2)), max_features=0.3, random_state=seed, n_jobs=1
    ).fit(rows, targets if targets.shape[1] > 1 else targets[:, 0], sample_weight=weights)
    left, right, column, threshold, values, roots = [], [], [], [], [], []
    start = depth = 0
    for one in fitted.estimators_:
        tree = one.tree_
        own = np.arange(tree.node_count)
        is_leaf = tree.children_left < 0
        roots.append(start)
        left.append(np.where(is_leaf, own, tree.children_left) + start)
        right.append(np.where(is_leaf, own, tree.children_right) + start)
        column.append(np.where(is_leaf, 0, tree.feature))
        threshold.append(np.where(is_leaf, 0.0, tree.threshold))
        values.append(tree.value[:, :, 0])
        start += tree.node_count
        depth = max(depth, tree.max_depth)
    return Forest(
        np.array(roots, dtype=np.intp),
        np.concatenate(left).astype(np.intp),
        np.concatenate(right).astype(np.intp),
        np.concatenate(column).astype(np.intp),
        np.concatenate(threshold).astype(np.float64),
        np.concatenate(values).astype(np.float64),
        depth,
    )
