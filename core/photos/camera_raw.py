"""Camera RAW files, known by their content: what they hold is no picture yet, and their preview is not the photo."""

from __future__ import annotations

from core.photos.tiff_pages import DNG_VERSION, MAKE, PHOTOMETRIC, TiffDirectory, is_tiff, pages

MAKERS = {
    ".dng": "DNG",
    ".gpr": "GoPro GPR",
    ".cr2": "Canon CR2",
    ".cr3": "Canon CR3",
    ".crw": "Canon CRW",
    ".nef": "Nikon NEF",
    ".nrw": "Nikon NRW",
    ".arw": "Sony ARW",
    ".srf": "Sony SRF",
    ".sr2": "Sony SR2",
    ".raf": "Fujifilm RAF",
    ".orf": "Olympus ORF",
    ".rw2": "Panasonic RW2",
    ".rwl": "Leica RWL",
    ".pef": "Pentax PEF",
    ".srw": "Samsung SRW",
    ".x3f": "Sigma X3F",
    ".3fr": "Hasselblad 3FR",
    ".fff": "Hasselblad FFF",
    ".iiq": "Phase One IIQ",
    ".mos": "Leaf MOS",
    ".mef": "Mamiya MEF",
    ".mrw": "Minolta MRW",
    ".erf": "Epson ERF",
    ".dcr": "Kodak DCR",
    ".kdc": "Kodak KDC",
}
"""What a camera RAW file's name ends with → what people call it."""

SIGNATURES = (
    (0, b"FUJIFILMCCD-RAW", ".raf"),
    (0, b"IIRO", ".orf"),
    (0, b"IIRS", ".orf"),
    (0, b"MMOR", ".orf"),
    (0, b"IIU\0", ".rw2"),
    (0, b"II\x1a\0\0\0HEAPCCDR", ".crw"),
    (0, b"FOVb", ".x3f"),
    (0, b"\0MRM", ".mrw"),
    (4, b"ftypcrx ", ".cr3"),
    (8, b"CR\x02", ".cr2"),
    (8, b"IIII", ".iiq"),
    (8, b"MMMM", ".iiq"),
)
"""Where in the file which bytes stand in the RAW formats that have a signature of their own."""
BRANDS = {
    "canon": "Canon CR2",
    "nikon": "Nikon NEF",
    "sony": "Sony ARW",
    "pentax": "Pentax PEF",
    "ricoh": "Pentax PEF",
    "samsung": "Samsung SRW",
    "hasselblad": "Hasselblad 3FR",
    "phase one": "Phase One IIQ",
    "leaf": "Leaf MOS",
    "mamiya": "Mamiya MEF",
    "epson": "Epson ERF",
    "seiko epson": "Epson ERF",
    "eastman kodak": "Kodak DCR",
    "kodak": "Kodak DCR",
    "olympus": "Olympus ORF",
    "panasonic": "Panasonic RW2",
}
"""How the maker's name begins in a RAW file that is a TIFF → what people call its files."""

SENSOR = (32803, 34892)
"""Kinds of numbers that only a sensor gives: one colour a pixel, or linear light."""


def kind_of(data: bytes, suffix: str = "") -> str | None:
    """What people call the RAW format of these bytes; None if they are none.

    Most formats are a TIFF whose first page is a small preview: they are known by the sensor's numbers in another page,
    by DNG's own tag, or by a first page that calls itself a preview of a larger one. A name that ends like a RAW file's
    (`suffix`) decides only where the content is a TIFF.
    """
    for place, signature, ending in SIGNATURES:
        if data[place : place + len(signature)] == signature and (place == 0 or data[4:8] == b"ftyp" or is_tiff(data)):
            return MAKERS[ending]
    if not is_tiff(data):
        return None
    found = list(pages(data))
    if any(DNG_VERSION in page.tags for page in found):
        return "DNG"
    own = MAKERS.get(suffix.lower())
    if own or any(page.number(PHOTOMETRIC) in SENSOR for page in found):
        return own or _by_maker(found)
    first, others = found[:1], found[1:]
    if first and first[0].is_preview and any(page.area > first[0].area for page in others):
        return "a TIFF that begins with a small preview"
    return None


def _by_maker(found: list[TiffDirectory]) -> str:
    for page in found:
        make = page.tags.get(MAKE, b"")
        name = make.decode("ascii", "replace").lower() if isinstance(make, bytes) else ""
        for brand, called in BRANDS.items():
            if name.startswith(brand):
                return called
    return "RAW"
