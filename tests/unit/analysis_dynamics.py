#!/usr/bin/env python3
"""Makes the numbers of analysis_dynamics.c with NumPy 1.24: the correlation of the upper triangles of np.corrcoef in windows of
60 rows, one every 20."""
import numpy as np

j, c = np.arange(400)[:, None], np.arange(5)[None, :]
x = np.sin(0.05 * (c + 1) * j + c) + 0.5 * np.sin(0.013 * j * (c % 3 + 1)) * np.cos(0.002 * j * c)
upper = np.triu_indices(5, 1)
fcd = np.corrcoef([np.corrcoef(x[w:w + 60].T)[upper] for w in range(0, 341, 20)])
weights = np.array([[0, 3, 1, 0, 2], [1, 0, 4, 2, 0], [1, 2, 0, 5, 1], [0, 2, 3, 0, 6], [2, 0, 1, 2, 0]], float)
both = (weights + weights.T) / 2
print(fcd.shape, ", ".join(f"{fcd[0, w]:.15e}" for w in (1, 2, 9, 17)), f"{fcd[4, 11]:.15e}")
print(f"{np.corrcoef(both[upper], np.corrcoef(x.T)[upper])[0, 1]:.15e}")
