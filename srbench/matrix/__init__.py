"""The matrix file, validated: datasets x protocols x methods x training sets x seeds, and the metrics.

`docs/matrix.md` describes the file. Everything that is wrong with one is found in one go, each with its line and
column; importing or reading imports the modules of the methods, datasets and metrics that are used, and no torch.
"""

from srbench.matrix.contents import Matrix, Order
from srbench.matrix.reading import MatrixError, matrix_file, matrix_name, read_matrix

__all__ = ["Matrix", "MatrixError", "Order", "matrix_file", "matrix_name", "read_matrix"]
