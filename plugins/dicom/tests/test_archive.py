"""An archive as hospitals keep them: folders that bear patients' names, files that hold them, every compression."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

PATIENTS = (
    "Müller^Jörg",
    "Álvarez^José",
    "Ōtani^Shōhei=大谷^翔平",
    "Łukasz^Żak",
    "Nguyễn^Văn",
    "O'Brien^Seán",
    "Schröder^Käthe",
    "Ångström^Åsa",
    "Παπαδόπουλος^Γιώργος",
    "Иванов^Иван",
    "Çelik^Ayşe",
    "Yamada^Tarou=山田^太郎",
)
SYNTAXES = (ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless)
INSTITUTION, PHYSICIAN, PREFIX = "Klinikum Musterstadt", "Doktor^Gustav", "KM-7780"


def secrets() -> set[bytes]:
    """All that must not be found: names and their parts, identifiers, dates and places, as programs write them."""
    words = {part for name in PATIENTS for group in name.split("=") for part in group.split("^")}
    words |= {"Klinikum", "Musterstadt", "Gustav", PREFIX, "1975031", "1975-03-1", "archive-of-the-clinic/"}
    words = {word for word in words if (len(word) > 1 and not word.isascii()) or len(word) > 3}
    spelled = {form for word in words for form in (word, unicodedata.normalize("NFD", word), json.dumps(word)[1:-1])}
    found = {word.encode() for word in spelled}
    return found | {word.encode("latin-1") for word in words if all(ord(one) < 256 for one in word)}


def write(path: Path, patient: int, slice_: int, syntax: UID) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID = PATIENTS[patient], f"{PREFIX}{patient:02d}"
    ds.PatientBirthDate, ds.InstitutionName = f"1975031{patient % 10}", INSTITUTION
    ds.ReferringPhysicianName, ds.Modality = PHYSICIAN, "CT"
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Rows = ds.Columns = 48
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME1" if patient % 3 == 0 else "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.PixelSpacing = "-1024", "1", ["0.7", "0.7"]
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    random = np.random.default_rng([patient, slice_])
    pixels = (random.random((6, 6)).repeat(8, 0).repeat(8, 1) * 3800 + random.normal(100, 20, (48, 48))).clip(0, 4095)
    stored = pixels.astype("<u2")
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    elif syntax != ExplicitVRLittleEndian:
        encoded = (
            imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, codecformat="j2k")
            if syntax == JPEG2000Lossless
            else imagecodecs.jpegls_encode(stored)
        )
        ds.PixelData, meta.TransferSyntaxUID = encapsulate([encoded]), syntax
    ds.save_as(path, enforce_file_format=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for patient, name in enumerate(PATIENTS):
        shown = name.split("=")[0].replace("^", " ")
        folder = tmp_path / "archive-of-the-clinic" / shown / f"1975-03-1{patient % 10} {INSTITUTION}"
        folder.mkdir(parents=True)
        for slice_ in range(3):
            write(folder / f"{shown.split()[0]}_{slice_}.dcm", patient, slice_, SYNTAXES[(patient + slice_) % 4])
    (tmp_path / "archive-of-the-clinic" / "Befund Müller.pdf").write_bytes("%PDF Jörg Müller".encode())
    return tmp_path


def test_an_archive_becomes_a_board_and_nobody_is_named_anywhere(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (archive / "m.yaml").write_text(
        "name: ct\ndatasets: [{folder: {path: archive-of-the-clinic, name: ct, split: groups, share: 0.3}}]\n"
        "protocols: [x2-gray]\n"
        "methods: [bicubic, {srcnn: {preset: small}}]\ntrain: {on: [same], budget: {steps: 3}}\nmetrics: [psnr]\n"
        "seeds: [0]\n"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(archive / "cache"))
    done = subprocess.run(
        [sys.executable, "-m", "srbench", "run", "m.yaml"], cwd=archive, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: 1 file (.pdf)" in done.stderr
    records = [json.loads(path.read_text()) for path in (archive / "results").glob("*/cells/*/*/record.json")]
    assert len(records) == 2
    for record in records:
        assert record["status"] == "ok" and len(record["images"]) == 12
        assert len(set(record["groups"].values())) == 4 and record["seen_groups"] == []
    wanted = secrets()
    assert len(wanted) > 60 and "大谷".encode() in wanted and "Müller".encode("latin-1") in wanted
    looked_at = 0
    for root in (archive / "results", archive / "leaderboards"):
        for path in root.rglob("*"):
            content = str(path.relative_to(archive)).encode() + (path.read_bytes() if path.is_file() else b"")
            looked_at += path.is_file()
            assert [word for word in wanted if word in content] == [], path
    assert looked_at > 40
