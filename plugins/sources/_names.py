"""Names of folders that say when, with what or how far pictures came, and not what they show."""

from __future__ import annotations

import re
import unicodedata

DATE = re.compile(r"(?<!\d)(?:19\d\d|20[0-3]\d)(?:(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])?)?(?![0-9A-Za-z])")
APPS = re.compile(
    r"""
    (?i:dcim | camera(?:[ ]roll|[ ]uploads)? | screen[ _]?shots? | screen[ _]?recordings? | downloads? | bluetooth
      | (?:whatsapp|telegram|signal|viber|messenger|instagram|snapchat|facebook)(?:[ _].*)? | saved[ ]pictures)
    | [1-9]\d\d(?=\d*[A-Z_])[0-9A-Z_]{5}  # by the rule DCF: 100CANON, 101_PANA
    """,
    re.VERBOSE | re.DOTALL,
)
# Below, words are as `_plain` makes them: small letters without accents, one space between.
MAKES = (
    "canon|nikon|sony|fuji|fujifilm|panasonic|lumix|olympus|leica|pentax|ricoh|kodak|casio|minolta|hasselblad"
    "|gopro|dji|insta360|iphone|ipad|ipod|samsung|galaxy|huawei|xiaomi|redmi|oneplus|motorola|nokia|google pixel|pixel"
)
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|januar|janner|jaenner|februar|marz|maerz|mai|juni|juli|oktober|dezember"
    "|janvier|fevrier|mars|avril|juin|juillet|aout|septembre|octobre|novembre|decembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|janeiro|fevereiro|marco|maio|junho|julho|setembro|outubro|novembro|dezembro"
    "|januari|februari|maart|mei|augustus"
    "|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|mrz|okt|dez|janv|fevr|avr|juil|ene|abr|ago|dic"
    "|gen|mag|giu|lug|set|ott|fev|out"
)
PILES = (
    "new folder|untitled|untitled folder|neuer ordner|unbenannt|nouveau dossier|sans titre|nueva carpeta|nuova cartella"
    "|misc|miscellaneous|various|other|others|stuff|unsorted|to sort|sort me|temp|tmp|backup"
    "|sonstiges|verschiedenes|unsortiert|divers|autres|a trier|varios|otros|varie|altro"
    "|batch|chunk|shard|fold|folder|import|upload|export|roll|session|disk|disc|cd|dvd"
)
STAGES = (
    "raw|raws|original|originals|edit|edits|edited|retouched|processed|final|finals|finished|exported|exports|masters"
    "|roh|originale|bearbeitet|fertig|retouche|retouches|finales|editado|editados"
    "|jpg|jpeg|png|tif|tiff|heic|web|print|hires|high res|lowres|low res|full res|thumbs|thumbnails|previews"
)
MODEL = re.compile(rf"(?:{MAKES})(?:\d| .*\d).*")  # canon eos 5d, iphone 12
MAKE = re.compile(rf"apple|(?:apple )?(?:{MAKES})(?: .*)?")
MONTH = re.compile(rf"(?:\d+ )?(?:{MONTHS})(?: \d+)?")
STATE = re.compile(rf"(?:\d+ )?(?:{PILES}|{STAGES})(?: ?\d+)?|\d+ ?x ?\d+(?: ?px)?|\d+px")


def dated(name: str) -> bool:
    """Whether a name has a date in it, or is one that cameras, phones and messengers make, or a camera's model."""
    return bool(DATE.search(name) or APPS.fullmatch(name) or MODEL.fullmatch(_plain(name)))


def may_be_dated(name: str) -> bool:
    """The same of what may be a class by itself: a month, a make."""
    plain = _plain(name)
    return dated(name) or bool(MONTH.fullmatch(plain) or MAKE.fullmatch(plain))


def may_be_no_class(name: str) -> bool:
    """The same, and of what a pile is called, numbered or not, a stage of work, or a size in pixels."""
    return may_be_dated(name) or bool(STATE.fullmatch(_plain(name)))


def _plain(name: str) -> str:
    """Small letters without accents, and one space in place of all that is neither letter nor digit."""
    parted = unicodedata.normalize("NFKD", name.casefold().replace("×", "x"))
    bare = "".join(letter for letter in parted if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", bare))
