"""What a derived image keeps of its source: what describes the picture, and nothing that tells whose it is.

A list of what is kept, not of what is left out: names, dates, places, devices' numbers, free text and private elements
are so left out whatever they are called. UIDs are replaced, as the *Basic Application Level Confidentiality Profile*
(PS3.15 Annex E) asks.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "Manufacturer",
    "SeriesNumber",
    "InstanceNumber",
)
"""What must be there and may be empty."""
_KEPT = frozenset(
    name
    for names in (
        # what it is
        "SOPClassUID ImageType Modality PresentationIntentType Manufacturer ManufacturerModelName ConversionType",
        "SeriesNumber InstanceNumber AcquisitionNumber TemporalPositionIdentifier NumberOfFrames BurnedInAnnotation",
        # what is seen
        "BodyPartExamined AnatomicRegionSequence AnatomicRegionModifierSequence Laterality OrganExposed",
        "ImageLaterality FrameLaterality PatientOrientation PatientPosition ViewPosition ViewCodeSequence",
        "ViewModifierCodeSequence CodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning",
        # where
        "FrameOfReferenceUID PositionReferenceIndicator ImagePositionPatient ImageOrientationPatient SliceLocation",
        "SliceThickness SpacingBetweenSlices PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing",
        "PixelSpacingCalibrationType EstimatedRadiographicMagnificationFactor PixelAspectRatio",
        # what its numbers mean
        "RescaleSlope RescaleIntercept RescaleType Units CountsSource DecayCorrection SUVType PixelPaddingValue",
        "WindowCenter WindowWidth VOILUTFunction PresentationLUTShape PixelIntensityRelationship",
        "PixelIntensityRelationshipSign LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod",
        "RecommendedDisplayFrameRate",
        # how it was taken
        "KVP ConvolutionKernel FilterType ScanOptions ScanningSequence SequenceVariant MRAcquisitionType SequenceName",
        "RepetitionTime EchoTime EchoTrainLength InversionTime FlipAngle MagneticFieldStrength EchoNumbers",
        "PositionerType DetectorType CorrectedImage SeriesType NumberOfSlices AxialAcceptance ReconstructionMethod",
        # frames of enhanced files
        "SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence",
        "PlaneOrientationSequence PixelValueTransformationSequence FrameVOILUTSequence FrameContentSequence StackID",
        "InStackPositionNumber TemporalPositionIndex DimensionIndexValues FrameAnatomySequence FrameType",
        "CTImageFrameTypeSequence MRImageFrameTypeSequence PETFrameTypeSequence XRay3DFrameTypeSequence",
        "PixelPresentation VolumetricProperties VolumeBasedCalculationTechnique ComplexImageComponent",
        "AcquisitionContrast DimensionOrganizationType DimensionOrganizationSequence DimensionOrganizationUID",
        "DimensionIndexSequence DimensionIndexPointer FunctionalGroupPointer ContentQualification",
        # and of older ones
        "FrameIncrementPointer FrameTime FrameTimeVector EnergyWindowVector DetectorVector",
        "PhaseVector RotationVector RRIntervalVector TimeSlotVector SliceVector AngularViewVector TimeSliceVector",
    )
    for name in names.split()
)


def kept(source: Dataset) -> Dataset:
    """A copy with what is kept, in sequences too; UIDs replaced by others that are equal where these were."""
    made = Dataset()
    for element in source:
        if element.keyword not in _KEPT:
            continue
        if element.VR == "SQ":
            made.add_new(element.tag, "SQ", [kept(item) for item in element.value])
        elif element.VR == "UI" and element.keyword != "SOPClassUID":
            made.add_new(element.tag, "UI", another_uid(element.value))
        else:
            made.add_new(element.tag, element.VR, element.value)
    return made


def another_uid(uid: object, *made_of: object) -> str:
    """A UID in place of another; equal for equal ones, so that what belonged together still does."""
    return generate_uid(entropy_srcs=["srbench", str(uid), *(str(one) for one in made_of)])
