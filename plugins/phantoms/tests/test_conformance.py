from srbench.testing import check_datasets

test_datasets = check_datasets(
    ("phantom-mammography", {"size": 48, "count": 8}),
    ("phantom-mammography", {"size": 48, "count": 8, "photons": 5e6}),
    ("phantom-lesions", {"size": 48, "count": 6}),
)
