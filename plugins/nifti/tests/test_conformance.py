from pathlib import Path

import nibabel

from srbench.testing import check_formats

SHIPPED = Path(nibabel.__file__).parent / "tests" / "data"

test_formats = check_formats("nifti", files=[SHIPPED / "anatomical.nii", SHIPPED / "functional.nii"])
