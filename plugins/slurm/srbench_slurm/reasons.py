"""Why a job waits, in words, by the reason that `squeue` gives (SLURM's manual: Job Reason Codes)."""

from __future__ import annotations

import re

import srbench

_PASSING = {
    "resources": "what it asks for is not free",
    "priority": "others are before it",
    "begintime": "SLURM begins it again in a while",
    "dependency": "it waits for another job",
    "licenses": "a licence that it asks for is not free",
    "reservation": "its reservation has not begun",
    "nodedown": "a node that it needs is down",
    "reqnodenotavail": "nodes that it needs are down, drained or reserved, for maintenance perhaps",
    "partitiondown": "its partition takes jobs and begins none until it is opened again",
    "partitioninactive": "its partition begins no jobs until it is opened again",
}
_STUCK = {
    "partitiontimelimit": "its partition does not run jobs for so many minutes: ask for fewer `minutes`",
    "partitionnodelimit": "its partition has too few nodes: ask for less, or for another `partition`",
    "partitionconfig": "its partition runs no such jobs: ask for less (`minutes`, `cores`, `memory_gb`, `gpus`), or "
    "for another `partition`",
    "badconstraints": "no node has what it asks for: ask for less, or for another `constraint`",
    "accountnotallowed": "its `account` may not use the partition",
    "invalidaccount": "its `account` is not valid",
    "qosnotallowed": "its `qos` may not be used with the account or the partition",
    "invalidqos": "its `qos` is not valid",
    "jobhelduser": "it is held: `scontrol release` lets it go",
    "jobheldadmin": "whoever runs the cluster holds it",
    "dependencyneversatisfied": "the job that it waits for did not end well",
    "reservationdeleted": "its reservation is gone",
    "deadline": "it cannot be done before its deadline",
}
_PATTERNS = (
    (r"(nodesrequiredforjobare|reqnodenotavail).*", _PASSING["reqnodenotavail"], False),
    (r"(qos|assoc|max).*per(job|node).*", "it asks for more than a single job may have: ask for less", True),
    (r"qosmin.*", "it asks for less than its `qos` is for: ask for more, or for another `qos`", True),
    (r"(assoc|qos)grp.*(?<!run)minutes.*", "the hours of its account, or of its `qos`, are used up", True),
    (r"(qos|assoc|max|joba).*", "a limit of its user, account, `qos` or array is reached", False),
)


def waits(reason: str) -> srbench.Wait | None:
    """What a reason means, with SLURM's own word for it; None where SLURM gives none."""
    word = reason.partition(",")[0].strip()
    known = re.sub(r"[\s_()]", "", word).lower()
    if known in ("", "none", "null"):
        return None
    if known in _PASSING:
        return srbench.Wait(f"{_PASSING[known]} ({word})")
    if known in _STUCK:
        return srbench.Wait(f"{_STUCK[known]} ({word})", stuck=True)
    for pattern, words, stuck in _PATTERNS:
        if re.fullmatch(pattern, known):
            return srbench.Wait(f"{words} ({word})", stuck)
    return srbench.Wait(f"SLURM says: {reason}")
