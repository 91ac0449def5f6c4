"""One BLAS thread, so that CPU per second of audio can be compared: more only spin on matrices as small as ours.

numpy reads these variables when it is imported; import this first.
"""

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
