"""What SLURM's reasons mean, and which of them last until somebody does something."""

from __future__ import annotations

import pytest
from srbench_slurm.reasons import waits

STUCK = """
AccountNotAllowed AssocMaxCpuPerJobLimit AssocMaxWallDurationPerJobLimit AssocGrpBillingMinutes BadConstraints
DependencyNeverSatisfied InvalidAccount InvalidQOS JobHeldAdmin JobHeldUser PartitionConfig PartitionNodeLimit
PartitionTimeLimit QOSGrpCPUMinutesLimit QOSMaxCpuPerJobLimit QOSMaxGRESPerJob QOSMaxMemoryPerNode
QOSMaxWallDurationPerJobLimit QOSMinGRES QOSNotAllowed ReservationDeleted
"""
PASSING = """
AssocGrpCpuLimit AssocGrpCPURunMinutesLimit AssocMaxJobsLimit BeginTime Dependency JobArrayTaskLimit Licenses
MaxCpuPerAccount NodeDown PartitionDown PartitionInactive Priority QOSGrpCpuLimit QOSGrpCPURunMinutesLimit
QOSMaxCpuPerUserLimit QOSMaxJobsPerUserLimit QOSMaxNodePerUserLimit Reservation Resources
"""


@pytest.mark.parametrize("reason", STUCK.split())
def test_a_reason_that_somebody_has_to_mend_is_told_with_what_to_do(reason: str) -> None:
    wait = waits(reason)
    assert wait is not None and wait.stuck and wait.reason.endswith(f" ({reason})")


@pytest.mark.parametrize("reason", PASSING.split())
def test_a_reason_that_goes_away_is_told_in_words(reason: str) -> None:
    wait = waits(reason)
    assert wait is not None and not wait.stuck and wait.reason.endswith(f" ({reason})")


def test_reasons_come_in_several_spellings() -> None:
    nodes = waits("ReqNodeNotAvail, UnavailableNodes:n[1-3]")
    assert nodes is not None and nodes.reason.endswith("for maintenance perhaps (ReqNodeNotAvail)")
    for long in (
        "ReqNodeNotAvail(Unavailable:n1)",
        "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
        "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions",
    ):
        told = waits(long)
        assert told is not None and told.reason.startswith(nodes.reason.partition(" (")[0])
    assert waits("None") == waits("") == waits("(null)") is None
    other = waits("FrontEndDown")
    assert other is not None and other.reason == "SLURM says: FrontEndDown" and not other.stuck
