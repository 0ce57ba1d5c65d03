"""All architectures, by the names that matrices call them."""

from __future__ import annotations

from .architecture import Architecture
from .architectures.atd import ATD
from .architectures.compact import Compact
from .architectures.craft import CRAFT
from .architectures.dat import DAT
from .architectures.dctlsa import DCTLSA
from .architectures.ditn import DITN
from .architectures.drcn import DRCN
from .architectures.drct import DRCT
from .architectures.edsr import EDSR
from .architectures.espcn import ESPCN
from .architectures.fdat import FDAT
from .architectures.fsrcnn import FSRCNN
from .architectures.grl import GRL
from .architectures.hat import HAT
from .architectures.moesr import MoESR
from .architectures.mosr import MoSR
from .architectures.omnisr import OmniSR
from .architectures.plksr import PLKSR, RealPLKSR
from .architectures.rcan import RCAN
from .architectures.rgt import RGT
from .architectures.rrdb import RRDB
from .architectures.safmn import SAFMN
from .architectures.seemore import SeemoRe
from .architectures.span import SPAN
from .architectures.swiftsrgan import SwiftSRGAN
from .architectures.swin2sr import Swin2SR
from .architectures.swinir import SwinIR
from .architectures.vdsr import VDSR

ARCHITECTURES: dict[str, type[Architecture]] = {
    "atd": ATD,
    "compact": Compact,
    "craft": CRAFT,
    "dat": DAT,
    "dctlsa": DCTLSA,
    "ditn": DITN,
    "drcn": DRCN,
    "drct": DRCT,
    "edsr": EDSR,
    "espcn": ESPCN,
    "fdat": FDAT,
    "fsrcnn": FSRCNN,
    "grl": GRL,
    "hat": HAT,
    "moesr": MoESR,
    "mosr": MoSR,
    "omnisr": OmniSR,
    "plksr": PLKSR,
    "rcan": RCAN,
    "realplksr": RealPLKSR,
    "rgt": RGT,
    "rrdb": RRDB,
    "safmn": SAFMN,
    "seemore": SeemoRe,
    "span": SPAN,
    "swiftsrgan": SwiftSRGAN,
    "swin2sr": Swin2SR,
    "swinir": SwinIR,
    "vdsr": VDSR,
}
