"""Networks that srbench trains on the dataset at hand: as extractors here, as classifiers in srbench-cas."""
