from srbench.testing import check_datasets

test_datasets = check_datasets("radiology")
