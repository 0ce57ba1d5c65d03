"""Trackers: what runs do, in TensorBoard, MLflow, Weights & Biases. Each needs the extra of its name."""

import srbench


@srbench.hookimpl
def srbench_trackers() -> list[srbench.Entry]:
    """TensorBoard, MLflow, Weights & Biases."""
    return [
        srbench.Entry("tensorboard", "srbench_trackers.tensorboard:TensorBoard", "Event files for TensorBoard"),
        srbench.Entry("mlflow", "srbench_trackers.mlflow:MLflow", "Runs of an MLflow experiment"),
        srbench.Entry("wandb", "srbench_trackers.wandb:WandB", "Runs of a project of Weights & Biases, offline"),
    ]
