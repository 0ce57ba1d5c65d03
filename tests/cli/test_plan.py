"""`srbench plan`: the state of every cell and what decides it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bench_in_process import picture
from rig import Bench
from rig.verbs import Srbench, rewrite

from srbench.matrix import read_matrix
from srbench.runner.planning.plan import make_plan
from srbench.store.lease import Lease
from srbench.store.records import Store


def test_states_keys_and_the_count(here: Path, srbench: Srbench) -> None:
    said = srbench("plan", "matrix.yaml")
    head, *rows, held, count, hint = said.out.splitlines()
    assert (said.code, head.split(), count) == (0, ["cell", "state", "key", "why"], "3 cells: 2 done, 1 failed")
    assert held.startswith("data: ")
    assert hint == "`srbench run matrix.yaml --retry failed` repeats what ended badly"
    keys = {record.label: record.key for record in Store(Path("results/m")).records("cells")}
    assert {row.split()[0]: row.split()[2] for row in rows} == {label: key[:12] for label, key in keys.items()}
    assert "ValueError: no such luck" in rows[2]


def test_a_run_at_work_is_told(here: Path, srbench: Srbench) -> None:
    with Lease(Path("results/m"), "a run of m"):
        assert "at work in this store: a run of m, process " in srbench("plan", "matrix.yaml").out
    assert "at work" not in srbench("plan", "matrix.yaml").out


def test_what_would_be_repeated_is_asked_with_the_same_words_as_of_a_run(here: Path, srbench: Srbench) -> None:
    said = srbench("plan", "matrix.yaml", "--retry", "failed")
    assert "3 cells: 2 done, 1 retry\n" in said.out and "repeats" not in said.out
    assert "unknown status 'faild'. Did you mean 'failed'?" in srbench("plan", "matrix.yaml", "--retry", "faild").err


def test_metrics_that_cannot_be_computed_are_named_with_what_to_do(here: Path, srbench: Srbench) -> None:
    rewrite(here, metrics=["psnr", "fid", "cas"])
    said = srbench("plan", "matrix.yaml").out
    assert "fid: the weights 'inception'" in said and "`srbench fetch inception`" in said
    assert "cas: needs labels; data has none (2 cells)" in said


def test_as_json_every_cell_has_its_warnings_and_nothing_else_is_said(here: Path, srbench: Srbench) -> None:
    rows = json.loads(srbench("plan", "matrix.yaml", "--json").out)
    assert [row["cell"].split("/")[-1] for row in rows] == ["nearest", "bicubic", "broken"]
    assert {tuple(row) for row in rows} == {("cell", "state", "key", "why", "warnings")}


def test_what_splits_hold_stands_between_the_cells_and_their_count(here: Path, srbench: Srbench) -> None:
    said = srbench("plan", "matrix.yaml").out
    tested = len(list(Path("data/test").iterdir()))
    assert said.index("data/x2-rgb/broken") < said.index(f"data: {tested} test images\n") < said.index("3 cells")


def test_cells_can_be_chosen_as_for_a_run(here: Path, srbench: Srbench) -> None:
    for options in (["--only", "data/x2-rgb/nearest"], ["--where", "method=nearest"]):
        assert "1 cell: 1 done\n" in srbench("plan", "matrix.yaml", *options).out
    assert "2 cells: " in srbench("plan", "matrix.yaml", "--skip", "data/x2-rgb/nearest").out
    said = srbench("plan", "matrix.yaml", "--where", "seed=7")
    assert (said.code, "None" in said.err) == (2, False)


def test_another_store_is_another_answer(here: Path, srbench: Srbench) -> None:
    said = srbench("plan", "matrix.yaml", "--store", "elsewhere")
    assert "never run" in said.out and said.out.endswith(
        "3 cells: 3 new\nhow long that takes is not known: nothing like it has run in this store\n"
    )
    assert not Path("elsewhere").exists()  # asking leaves nothing


def test_what_changed_is_told(here: Path, srbench: Srbench) -> None:
    rewrite(here, metrics=["psnr", "mae"], methods=["nearest", "lanczos"])
    picture(here / "data/test/a.png", seed=9)
    rows = {row["cell"]: row for row in json.loads(srbench("plan", "matrix.yaml", "--json").out)}
    assert rows["data/x2-rgb/nearest"]["why"] == "changed: the pictures of the test split changed"
    assert rows["data/x2-rgb/lanczos"]["state"] == "new"
    picture(here / "data/test/a.png", seed=0)
    rows = {row["cell"]: row for row in json.loads(srbench("plan", "matrix.yaml", "--json").out)}
    assert (rows["data/x2-rgb/nearest"]["state"], rows["data/x2-rgb/nearest"]["why"]) == ("stale", "to be scored: mae")


def test_files_that_changed_are_found_with_and_without_verify(here: Path, srbench: Srbench) -> None:
    store = Store(Path("results/m"))
    record = store.find("cells", "data/x2-rgb/nearest")
    picture(store.folder("cells", record.key) / "images/a.png", seed=9)
    for options in ([], ["--verify"]):
        said = srbench("plan", "matrix.yaml", *options).out
        assert "damaged: images/a.png is not the file that was written" in said and "1 stale" in said


def test_doubts_about_the_data_come_once_each_after_the_cells(here: Path, srbench: Srbench) -> None:
    import numpy as np

    from srbench.pictures import write_image

    for seed, name in enumerate("ab"):
        dark = np.random.default_rng(seed).integers(0, 4096, (32, 32, 3)).astype(np.uint16)
        dark[0, 0] = 4095
        write_image(here / f"data/test/{name}.png", dark)
    said = srbench("plan", "matrix.yaml").out
    assert said.count("warning: ") == said.count("did you mean `peak: 4095`?") == 1
    assert said.index("3 cells") < said.index("warning: ")


LEARNING = {"methods": ["nearest", "srcnn"], "train": {"on": ["same"], "budget": {"steps": 2}, "micro_batches": 9}}


def test_cells_that_are_bound_to_fail_are_told_last_and_in_the_exit_code(here: Path, srbench: Srbench) -> None:
    rewrite(here, **LEARNING)
    said = srbench("plan", "matrix.yaml")
    assert said.code == 1
    assert "failed: training: a batch of 8 cannot be divided into 9 micro-batches; use a larger" in said.out
    assert said.out.endswith("1 of 2 cells would fail, for reasons that stand above\n")
    rows = srbench("plan", "matrix.yaml", "--json")
    assert (rows.code, [row["why"][:6] for row in json.loads(rows.out)]) == (1, ["ok", "failed"])
    chosen = srbench("plan", "matrix.yaml", "--where", "method=nearest")
    assert chosen.code == 0 and "would fail" not in chosen.out


def test_what_a_run_would_leave_failed_is_what_its_plan_said(here: Path, srbench: Srbench) -> None:
    rewrite(here, **LEARNING)
    assert srbench("run", "matrix.yaml", "--no-report").code == 1
    said = srbench("plan", "matrix.yaml").out
    assert "training: a batch of 8 cannot be divided into 9 micro-batches" in said and "1 done, 1 failed" in said


def test_cells_that_are_skipped_with_a_reason_are_fine(here: Path, srbench: Srbench) -> None:
    rewrite(here, **LEARNING)
    shutil.rmtree("data/train")
    said = srbench("plan", "matrix.yaml")
    assert said.code == 0 and "skipped: " in said.out and "would fail" not in said.out


def test_where_a_run_would_not_begin_the_plan_says_why_and_ends_otherwise(here: Path, srbench: Srbench) -> None:
    rewrite(here, executor={"local": {"gpus": [99]}})
    said = srbench("plan", "matrix.yaml")
    assert said.code == 1 and "there is no GPU 99" in said.out
    assert said.out.endswith("a run would not begin, for reasons that stand above\n")
    said = srbench("plan", "matrix.yaml", "--json")
    assert said.code == 1 and "there is no GPU 99" in said.err and len(json.loads(said.out)) == 3


def test_all_images_that_show_the_same_are_listed_when_asked_for(here: Path, srbench: Srbench) -> None:
    assert srbench("plan", "matrix.yaml", "--alike").out == "none\n"
    rewrite(here, methods=["srcnn"], train={"on": ["same"], "budget": {"steps": 2}})
    for number in range(6):
        for split in ("test", "train"):
            picture(here / f"data/{split}/twin-{split}-{number}.png", seed=100 + number)
    said = srbench("plan", "matrix.yaml")
    assert "6 of 8 test images are in the training split of data: twin-test-0, " in said.out
    assert "and 1 more (`srbench plan --alike` lists all)" in said.out
    rows = json.loads(srbench("plan", "matrix.yaml", "--alike", "--json").out)
    assert [(row["image"], row["other"]) for row in rows] == [
        (f"twin-test-{number}", f"twin-train-{number}") for number in range(6)
    ]
    assert {(row["dataset"], row["split"], row["other_split"], row["how"]) for row in rows} == {
        ("data", "test", "train", "the same pixels")
    }
    head, first, *_ = srbench("plan", "matrix.yaml", "--alike").out.splitlines()
    assert head.split()[:3] == ["dataset", "split", "image"] and first.endswith("the same pixels")


QUEUE = """
import srbench


class Queue(srbench.Executor):
    options = frozenset({"partition"})

    def places(self):
        return 9

    def holds(self, job):
        return True

    def outline(self, count, resources):
        return f"put {count} into the queue {resources.options.get('partition')}"

    submit = fate = close = None


@srbench.hookimpl
def srbench_executors():
    return [srbench.Entry("queue", Queue)]
"""


def test_the_jobs_that_an_executor_would_be_given_are_shown_by_what_they_need(toys: Bench) -> None:
    toys.plugin.write_text(toys.plugin.read_text() + QUEUE)
    toys.matrix(
        methods=["toy-nearest", {"toy-raises": {}}, {"toy-pixel": {"resources": {"gpus": 1}}}],
        train={"on": ["same"], "budget": {"steps": 2}},
        resources={"cores": 2, "partition": "short"},
    )
    said = toys.srbench("plan", "matrix.yaml", "--executor", "queue").stdout.splitlines()
    assert [line for line in said if "queue" in line] == [
        "at once: 2 jobs: 2 cores, partition short: put 2 into the queue short",
        "at once: 1 job: 1 GPU, 2 cores, partition short: put 1 into the queue short",
        "once their trainings are done: 1 job: 1 GPU, 2 cores, partition short: put 1 into the queue short",
    ]
    said = toys.srbench("plan", "matrix.yaml", "--executor", "local").stdout
    assert "at once: 2 jobs: 2 cores, partition short\n" in said
    said = toys.srbench("plan", "matrix.yaml", "--executor", "queue", "--json")
    assert said.returncode == 2 and "--executor goes without --json" in said.stderr


def test_what_an_executor_says_of_jobs_is_shown_unasked_where_it_says_anything(toys: Bench) -> None:
    ends_with_its_run = QUEUE.replace("    def holds(self, job):\n        return True\n", "")
    toys.plugin.write_text(toys.plugin.read_text() + ends_with_its_run)
    toys.matrix(executor="queue")
    assert "at once: 1 job: put 1 into the queue None\n" in toys.srbench("plan", "matrix.yaml").stdout
    toys.matrix(executor="local")
    assert "at once" not in toys.srbench("plan", "matrix.yaml").stdout


def test_jobs_that_a_run_left_are_told_and_counted_no_second_time(toys: Bench) -> None:
    toys.plugin.write_text(toys.plugin.read_text() + QUEUE)
    toys.matrix(methods=["toy-nearest", "toy-raises"])
    rows = json.loads(toys.srbench("plan", "matrix.yaml", "--json").stdout)
    (planned,) = make_plan(read_matrix(toys.folder / "matrix.yaml"), Store(toys.folder / "results/toy")).cells[:1]
    assert planned.cell.key.startswith(rows[0]["key"])
    job = toys.folder / "results/toy/jobs" / planned.cell.key / "job.json"
    job.parent.mkdir(parents=True)
    job.touch()
    (job.parent / "lasting").touch()
    said = toys.srbench("plan", "matrix.yaml", "--executor", "queue").stdout
    assert "1 job of an earlier run, which `srbench run` comes back to\n" in said
    assert "1 job of an earlier run that wait or run\nat once: 1 job: put 1 into the queue None\n" in said
