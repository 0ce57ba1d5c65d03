from pathlib import Path

import astropy.io.fits

from srbench.testing import check_formats

SHIPPED = Path(astropy.io.fits.__file__).parent / "tests" / "data"

test_formats = check_formats("fits", files=[SHIPPED / "test0.fits", SHIPPED / "scale.fits", SHIPPED / "arange.fits"])
