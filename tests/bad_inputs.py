"""The bad-input matrix: what was tried, what happened, and which tests hold it.

    python -m tests.bad_inputs > docs/bad-input.md

Rows of files and of words are what happens when this runs: one run on all that `bad_files` makes, a second with
formats=[tiff], and each line of words typed. The others name tests, which exist.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import imgret
from imgret.__main__ import main
from tests.bad_files import bad_files
from tests.conftest import png, write
from tests.image_bytes import save, textured

LATER = {44, 45}  # a web interface, its page
ALL = "test_bad_inputs.py::test_every_file_has_the_outcome_that_it_must_have"
HERE = "test_bad_inputs.py::test_the_table_is_what_happens"
SURROUNDINGS = "test_bad_surroundings.py::test_another_process"
FEW = "test_bad_collections.py::test_few_images_with_every_default_but_the_backbone"


class Row(NamedTuple):
    number: int
    case: str
    happened: str
    tests: str


FILES: list[tuple[int, str, str]] = [
    (1, "no byte", "bytes/empty.jpg"),
    (1, "text, a web page, an SVG drawing, a sound, zeros, 4 bytes, named as images",
     "bytes/text.jpg bytes/page.jpg bytes/drawing.jpg bytes/sound.webp bytes/zeros.png bytes/stub.png"),
    (2, "cut within the header, at 5, 50 and 95 %, or without an end; zeros for the second half",
     "bytes/cut-*.jpeg bytes/cut-*.png bytes/cut-*.webp bytes/cut-*.gif bytes/cut-*.bmp bytes/no-end.jpg "
     "bytes/zero-tail.jpg"),
    (2, "a PNG that lacks no more than its last chunk", "bytes/no-end-chunk.png"),
    (2, "a PNG whose header has a wrong checksum, whose pixels do not unpack, or that has none; a JPEG of 12 bits; "
     "a BMP in fax coding", "bytes/header-sum.png bytes/data-sum.png bytes/no-rows.png bytes/no-size.png "
     "bytes/12-bit.jpg bytes/fax.bmp"),
    (2, "whole pixels and damage beside them: a text, profile, date, resolution, EXIF data, a number of colours, a "
     "checksum; pixels decide", "bytes/beside-*"),
    (3, "a JPEG with other bytes in its middle, a PNG with half its rows: cannot be told from an image",
     "bytes/noise-inside.jpg bytes/half-the-rows.png"),
    (4, "PNG as .jpg, JPEG as .png, no ending, .JPG, a trailer: read by content",
     "bytes/*-named.* bytes/no-ending bytes/CAPITALS.JPG bytes/trailer.jpg"),
    (5, "CMYK, YCCK, inverted by Adobe, grey, progressive, with a profile",
     "bytes/cmyk-*.jpg bytes/ycck-*.jpg bytes/grey.jpg bytes/progressive.jpg bytes/profile.* bytes/lossless.webp"),
    (6, "PNG of 16 bits, with alpha or a key: the high byte", "bytes/*-16.png bytes/*-16-key.png"),
    (7, "palette, RGBA, LA, a transparent colour: laid on white",
     "bytes/rgba.* bytes/grey-alpha.png bytes/palette* bytes/*key.gif bytes/rgb-key.png bytes/alpha.bmp"),
    (7, "a chunk `tEXt` that is called as Pillow calls transparency: not asked", "bytes/key-in-words.png"),
    (8, "1, 2 and 4 bits, with and without a key", "bytes/grey-[124]*.png"),
    (8, "BMP of 24 and 32 bits, upside down, in runs",
     "bytes/up.bmp bytes/down.bmp bytes/fourth-byte.bmp bytes/empty-alpha.bmp bytes/runs.bmp"),
    (8, "TIFF of 1 and 16 bits in either byte order, of floats, of 32 bits, cut",
     "scans/1.tif scans/16*.tif scans/float.tif scans/whole.tif scans/cut.tif"),
    (9, "the first of several frames: GIF, WebP, APNG", "bytes/frames.*"),
    (10, "EXIF orientation 1 to 8, in JPEG, WebP, PNG before and after its pixels", "bytes/exif-[1-8]*"),
    (10, "broken EXIF: ignored", "bytes/exif-broken-*"),
    (11, "1 x 1, 2 x 2, black, white", "bytes/1x1.* bytes/2x2.png bytes/black.jpg bytes/white.png"),
    (12, "beyond 100:1, up to 1 x 10,000 and 10,000 x 1", "bytes/1x10000.png bytes/10000x1.png bytes/2x201.png "
     "bytes/1x65500.jpg"),
    (12, "100:1", "bytes/2x200.png"),
    (13, "headers of 60,000 x 60,000, 15,000 x 12,000 and the like, in each format",
     "bytes/60000x* bytes/15000x* bytes/2147483647x* bytes/6550* bytes/65535x* bytes/frame-65535x* bytes/16383x* "
     "bytes/40000x*"),
    (14, "PNG with 100 MB of text in 100 kB: not unpacked", "bytes/huge-text.png"),
    (14, "GIF of 100,000 frames", "bytes/frames-100000.gif"),
    (14, "TIFF with a chain of 100,000 directories, or one in a loop", "scans/chain.tif scans/loop.tif"),
    (15, "EPS, PSD, FITS, JPEG 2000, PDF, ICO: not read, Ghostscript not looked for",
     "bytes/print.* bytes/layers.psd bytes/sky.fits bytes/wavelets.jp2 bytes/icon.ico"),
    (16, "HEIC and TIFF that nobody asked for: said with what to type", "bytes/phone.heic bytes/scan.tif"),
    (19, "a link that leads nowhere", "files/dangling.jpg"),
    (19, "a link to itself", "files/itself.jpg"),
    (19, "a link to the folder that it lies in", "files/loop"),
    (19, "a link that leads out: followed", "files/linked.png"),
    (20, "a pipe, a socket, a link to /dev/zero: not opened", "files/pipe.jpg files/socket.jpg files/device.jpg"),
    (20, "a link to a file of /proc: empty, by its own word", "files/proc.jpg"),
    (20, "a terabyte of zeros, and one that begins as a JPEG: not read", "files/tera.*"),
    (21, "names in Latin-1, in Shift-JIS, and of bytes that are no text",
     "names/*\udcff* names/*\udce9* names/*\udc8e*"),
    (22, "no image, and a name with a newline and ESC", "names/bad*"),
    (22, "names with a newline, quotes, tags, a dash or a space in front, right to left, ESC, `${k}`, of 255 bytes; "
     "twins in NFC and NFD, in capitals and not", "names/*"),
    (22, "hidden files and litter of systems: not listed", "files/.hidden.jpg files/Thumbs.db"),
    (23, "the same bytes twice, also by a link or a hard link, and the same image coded again",
     "twice/* files/hard.png files/linked?again.png"),
]  # fmt: skip

WORDS: list[tuple[int, str, str]] = [
    (25, "a folder with nothing in it", "empty"),
    (25, "no such folder", "images=nowhere"),
    (25, "a file given as a folder", "photos/1.png"),
    (25, "a folder of broken files", "broken"),
    (28, "k above the number of images", "photos k=7"),
    (28, "k = 0", "photos k=0"),
    (28, "k = 2.5", "photos k=2.5"),
    (28, "k that is no number", "photos k=many"),
    (28, "k = 1", "photos k=1"),
    (32, "a query that is no image", "query broken/text.jpg"),
    (32, "a query that is not there", "query nowhere.jpg"),
    (40, "a name mistyped", "photos clusterer=kmens"),
    (40, "a setting that there is not", "photos colour=red"),
    (40, "an argument that there is not", "photos clusterer.n_int=3"),
    (40, "a value of another kind", "photos clusterer.n_init=many"),
    (40, "a dash too many", "photos --k 3"),
    (40, "a plug-in that is not installed", "photos backbone=mine"),
    (41, "no network and no weights", "photos backbone=resnet50 offline=true"),
]

HELD = [
    Row(14, "1,000 damaged JPEG, PNG, WebP, GIF, BMP and TIFF files each, at random by a seed",
        "an outcome each, no exception; memory beside the pixels' grows by less than 64 MiB",
        "test_bad_bytes.py::test_damaged_files_have_an_outcome_and_cost_little_memory"),
    Row(16, "HEIC asked for without its package, or with one that is not safe", "exit 2, with what to install",
        "reading/test_formats.py::test_a_package_that_is_missing_or_old_is_named"),
    Row(17, "a decoder that crashes or never ends", "decoder_crashed or timeout, each file named, the others read",
        "reading/test_loader.py::test_decoders_that_crash_and_hang_cost_one_file_each"),
    Row(18, "a file and a folder that another user may not read", "unreadable; the folder is counted as skipped",
        "test_bad_surroundings.py::test_a_file_and_a_folder_that_may_not_be_read"),
    Row(24, "a file deleted since it was listed", "missing",
        "reading/test_loader.py::test_what_reading_one_file_gives"),
    Row(24, "a file changed while it is read", "changed_during_run",
        "reading/test_outcomes.py::test_a_file_that_changes_while_it_is_read"),
    Row(24, "a file changed since its features were made", "no thumbnail and no attribute of it, which is said",
        "reading/test_thumbnails.py::test_a_file_that_changed_meanwhile_says_nothing"),
    Row(26, "1, 2, 3, 5 and 20 images, with every default", "a whole run; k gives way", FEW),
    Row(23, "the same bytes below two labels", "the count is told; a file goes before a link to it",
        "reading/test_items.py::test_files_go_before_links_to_them"),
    Row(23, "an export beside the originals", "skipped, whatever its format",
        "exporters/test_folders.py::test_an_export_beside_the_originals_is_none_of_them"),
    Row(46, "a manifest's rows without a path or with too few cells", "skipped, each by its line in skipped.csv",
        "plugins/sources/test_files_manifest.py::test_lines_that_are_no_rows_are_listed_with_the_reason"),
    Row(46, "rows that name one file, or one that is gone", "each has an outcome of its own",
        "plugins/sources/test_files_manifest.py::test_a_row_is_an_item_also_where_another_names_its_picture"),
    Row(46, "semicolons, tabs, decimal commas, a byte order mark, spaces in the header", "seen, and told",
        "plugins/sources/test_files_manifest.py::test_tables_as_people_have_them"),
    Row(46, "line ends of the Macintosh, Excel's sep=;, comments above the header", "read, lines numbered as they are",
        "plugins/sources/test_files_manifest.py::test_line_ends_and_what_stands_above_the_header"),
    Row(46, "bytes that are no UTF-8", "Windows-1252, and told; as they are where a file's name has them",
        "plugins/sources/test_files_manifest.py::test_bytes_that_are_no_utf8_are_windows_1252"),
    Row(46, "NA, NaN, null, None as a label", "none, and told",
        "plugins/sources/test_files_manifest.py::test_missing_values_are_no_label_and_no_group"),
    Row(46, "paths of Windows", "backslashes are slashes; what lies on a drive is unreadable",
        "plugins/sources/test_files_manifest.py::test_paths_of_windows"),
    Row(46, "a manifest in UTF-16 or UTF-32, of zeros, or that is a Git LFS pointer", "exit 2, with what to type",
        "plugins/sources/test_files_manifest.py::test_what_is_wrong_is_said_in_two_lines"),
    Row(46, "an image that is a Git LFS pointer", "unsupported, with what to type",
        "reading/test_formats.py::test_what_a_file_is_and_what_is_said_of_it"),
    Row(27, "images with equal features, each clusterer", "a whole run, nothing NaN",
        "test_bad_collections.py::test_equal_images_with_every_clusterer"),
    Row(27, "images with equal features, each reducer and view", "a whole run, nothing NaN",
        "test_bad_collections.py::test_equal_images_with_every_reducer"),
    Row(27, "fewer clusters than asked for", "a note in the summary",
        "test_bad_collections.py::test_fewer_clusters_than_asked_for_are_told"),
    Row(28, "k = 1 and k = n", "a whole run", "test_bad_collections.py::test_one_cluster_and_one_for_each_image"),
    Row(29, "features that are NaN or infinite, of images and of a query", "bad_feature, counted; the query is refused",
        "test_bad_collections.py::test_features_that_are_no_numbers_are_left_out_and_counted"),
    Row(29, "features that are zero, some and all", "a whole run",
        "test_bad_collections.py::test_zero_vectors_have_a_place_and_hits"),
    Row(30, "every image noise, and one cluster, with every metric and report",
        "a whole run; figures that are undefined are left out",
        "test_bad_collections.py::test_noise_alone_and_one_cluster_with_every_metric_and_report"),
    Row(31, "a query in noise, and in a cluster smaller than `top`", "the nearest images, wherever they are",
        "test_bad_collections.py::test_a_query_in_noise_or_in_a_cluster_smaller_than_top"),
    Row(32, "each of these files as a query", "its outcome is said, or hits without its own bytes",
        "test_bad_inputs.py::test_each_file_as_a_query"),
    Row(32, "a query with other weights or preprocessing than the run's", "refused",
        "test_bad_collections.py::test_a_run_of_other_weights_or_preprocessing_is_not_searched_with_new_images"),
    Row(33, "stopped in the middle of the features", "what was computed is kept, and the next run goes on",
        "features/test_extract.py::test_an_interrupted_extraction_goes_on"),
    Row(33, "SIGTERM, SIGINT, SIGHUP while listing, decoding, extracting, clustering, drawing; "
        "to the workers as well; again and again",
        "exit 130; goes on from there",
        "reading/test_outcomes.py::test_stopped_by_any_signal_at_any_stage_it_goes_on_from_there"),
    Row(33, "SIGKILL at every write", "the next run gives the bytes of an undisturbed one",
        "test_crash.py::test_every_write"),
    Row(34, "power lost: unsynced bytes empty or cut, unsynced names undone", "the same",
        "test_crash.py::test_every_write"),
    Row(34, "a shard that is damaged", "passed over, computed again",
        "store/test_store.py::test_a_shard_that_is_damaged_is_passed_over"),
    Row(35, "a write that fails", "leaves nothing behind", "store/test_store.py::test_a_failed_write_leaves_nothing"),
    Row(35, "a store that cannot be made", "exit 2", "store/test_store.py::test_a_store_that_cannot_be_made"),
    Row(35, "a disk that is full, at every write and for real", "exit 5; the next run gives the same bytes",
        "test_crash.py::test_a_disk_that_is_really_full"),
    Row(36, "four runs on one store at once", "all whole, all equal", "test_crash.py::test_runs_at_once_share_a_store"),
    Row(36, "several writers of one store", "rows are equal, none is lost",
        "store/test_store.py::test_any_number_of_writers"),
    Row(38, "a run whose arrays or tables are not what they were", "refused, by digest",
        "runs/test_run.py::test_what_is_not_as_it_was_made_is_seen"),
    Row(38, "a run whose digests are right and whose arrays are not: NaN, pickled, of another shape",
        "refused, and `doctor` says why",
        "care/test_runcheck.py::test_what_query_does_not_open_is_told_whatever_its_digest"),
    Row(38, "a run that asks for a view of a billion iterations",
        "`doctor` gives it ten minutes and the memory that is free",
        "care/test_runcheck.py::test_a_view_is_not_waited_for"),
    Row(38, "a run that names a model other than its features are of", "refused before anything is built",
        "features/test_space.py::test_nothing_is_built_that_its_name_tells_apart"),
    Row(38, "a run whose table has rows of any length, or empty columns without end",
        "refused before it is read; empty cells take no memory",
        "findings/test_rows.py::test_what_is_too_much_is_refused_before_it_is_read"),
    Row(38, "a run that names any file of yours, or one of /proc",
        "exported, by link or copy, is only what has the bytes of its images",
        "exporters/test_folders.py::test_only_the_bytes_that_the_run_saw_are_handed_on"),
    Row(38, "escape sequences, marks of direction and ends of lines in every text of a run",
        "shown as escapes by every command, and begin no line",
        "test_hostile_text.py::test_the_texts_of_a_run"),
    Row(38, "`source.label_regex` that goes back and forth without end",
        "exit 2 after 5 s, with the pattern and the path",
        "plugins/sources/test_files.py::test_a_pattern_that_comes_to_no_end"),
    Row(38, "cells that a spreadsheet would run, as `=cmd`",
        "written as they are; by `export csv --for-spreadsheets` behind an apostrophe",
        "exporters/test_csv.py::test_a_table_for_spreadsheets"),
    Row(37, "no memory for a batch", "halved; no image lost",
        "features/test_engine.py::test_a_batch_that_is_too_much_for_the_memory_is_halved_and_no_image_is_lost"),
    Row(39, "another backbone, size or reducer on the next run", "a set of features of its own, never mixed",
        "test_bad_collections.py::test_another_backbone_size_or_reducer_is_another_set_of_features"),
    Row(40, "a plug-in that fails when imported", "off, with one warning that names it",
        "test_registry.py::test_files_in_a_named_folder_are_plug_ins_and_a_broken_one_is_off"),
    Row(40, "two plug-ins of one name", "the second is not taken, both owners are named",
        "test_registry.py::test_a_taken_name_shows_both_owners"),
    Row(41, "a device that is not there", "exit 2, with those that are", "features/test_engine.py::test_devices"),
    Row(41, "weights that cannot be fetched", "the run says so and uses another backbone, unless one was typed",
        "test_pipeline.py::test_where_the_default_backbone_cannot_be_had"),
    Row(41, "a whole run where every socket is an error", "the same, and HOME as it was",
        "test_main.py::test_no_socket_is_opened_and_home_stays_as_it_was"),
    Row(42, "locale C without UTF-8, tr_TR where there is one; another time zone; no HOME to write to; one thread",
        "the same bytes", SURROUNDINGS),
    Row(42, "umask 077 and 000", "the same bytes", "test_bad_surroundings.py::test_another_umask"),
    Row(42, "spaces and brackets in the working folder's name; a path of 700 and 800 bytes", "the same bytes",
        "test_bad_surroundings.py::test_another_folder_to_stand_in"),
    Row(42, "files of 1938, 1970, 2096 and 2106", "the same bytes", "test_bad_surroundings.py::test_files_of_any_time"),
    Row(42, "a clock in 1970 and in 2096", "the same bytes; a changed file is seen",
        "test_bad_surroundings.py::test_a_clock_that_is_wrong"),
    Row(42, "a folder to stand in that was deleted",
        "exit 2, with what to type",
        "test_errors.py::test_a_folder_to_stand_in_that_was_deleted_is_said"),
    Row(42, "no folder for temporary files, or one of a long name; no standard streams"
        "; a daemonic process; other threads",
        "the same run",
        "test_bad_surroundings.py::test_a_process_that_may_do_little_makes_the_same_run"),
    Row(42, "standard output or error closed or full",
        "the run is made; exit 0, and 5 where the summary could not be written",
        "test_streams.py::test_a_summary_that_cannot_be_written_loses_no_run_and_is_told"),
    Row(42, "limits of memory, processes, open files and the size of files",
        "exit 6, with the limit to raise",
        "test_errors.py::test_what_the_machine_does_not_give_is_known_and_said_with_what_to_do"),
    Row(42, "no HOME, and a user whom the system does not know",
        "exit 2: set IMGRET_HOME",
        "store/test_store.py::test_a_user_without_a_home_is_told_what_to_set"),
    Row(42, "the process that starts workers is killed",
        "started anew; its workers go on",
        "executors/test_forks.py::test_a_server_that_was_killed_is_started_anew_and_its_workers_go_on"),
    Row(42, "a pool that is forked after a run",
        "it computes in one thread; last digits may differ",
        "test_bad_surroundings.py::test_a_pool_that_is_forked_after_a_run_makes_the_same_run"),
    Row(43, "many images", "extraction keeps neither pixels nor features of all",
        "test_memory.py::test_extraction_keeps_neither_pixels_nor_features"),
]  # fmt: skip

QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "metrics": [], "attributes": [], "k": 9, "log": "quiet"}


def table() -> str:
    """The document. Works in a folder of its own, which it removes."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        homes = {name: str(Path(folder, name)) for name in ("IMGRET_HOME", "TORCH_HOME")}  # what no machine has yet
        with patch.dict(os.environ, homes):
            rows = sorted([*_files(), *_words(), *HELD], key=lambda row: row.number)  # stable: files, words, held
    lines = [f"| {row.number} | {row.case} | {row.happened} | {_test(row.tests)} |".replace("\n", " ") for row in rows]
    return HEAD + "\n".join(lines) + "\n"


HEAD = """# Bad input

What was tried, what happened, and the test that holds it. `python -m tests.bad_inputs` prints this page: the rows of
files are one run on all of them at once, those of words are each typed. `python -m tests.bad_files FOLDER` writes the
files.

| row | case | what happened | held by |
|---:|---|---|---|
"""


def _files() -> list[Row]:
    """What became of the files of each case, in one run; and in one with formats=[tiff], where that is another."""
    plain, asked = _outcomes("plain"), _outcomes("asked", ["tiff"])
    rows, left = [], dict(plain)
    for number, case, patterns in FILES:
        paths = [path for path in left if any(fnmatchcase(path, pattern) for pattern in patterns.split())]
        if not paths:
            raise LookupError(f"no file for row {number}: {case}")
        first, second = _counted([left.pop(path) for path in paths]), _counted([asked[path] for path in paths])
        rows.append(Row(number, case, first + (f"; asked for: {second}" if second != first else ""), ALL))
    if left:
        raise LookupError(f"files of no row: {sorted(left)}")
    return rows


def _outcomes(name: str, formats: list[str] | None = None) -> dict[str, str]:
    """The outcome of each file by path; of what the listing passed over, that."""
    folder = Path(name)
    folder.mkdir()
    expected = bad_files(folder, asked=bool(formats))
    run = imgret.run(folder / "in", formats=formats or [], **QUICK)
    seen = {item.path: r.outcome for item, r in zip(run.collection.items, run.collection.records, strict=True)}
    found = {path: seen.get(path, "skipped") for path in expected}
    if wrong := {path: outcome for path, outcome in found.items() if outcome != expected[path].outcome}:
        raise ValueError(f"these should be something else: {wrong}")
    return found


def _counted(outcomes: list[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(outcomes).items()))


def _words() -> list[Row]:
    """The exit code and first line of each line of words."""
    write(Path("photos"), {f"{i}.png": png((40 * i, 20, 200 - 30 * i), noise=i) for i in range(1, 7)})
    write(Path("broken"), {"cut.png": save(textured(), "PNG")[:999], "text.jpg": b"no image"})
    Path("empty").mkdir()
    rows = []
    for number, case, words in WORDS:
        typed = words.split()
        if typed[0] != "query":
            backbone = [] if any(word.startswith("backbone") for word in typed) else ["backbone=pixels"]
            typed += [*backbone, "view=pca", "reports=[]"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(typed)
        lines = (err.getvalue() if code else out.getvalue()).splitlines()
        said = next(line for line in lines if not code or line.startswith("imgret: "))
        rows.append(Row(number, f"{case}: `{words}`", f"exit {code}: `{said}`", HERE))
    return rows


def _test(name: str) -> str:
    file, _, function = name.partition("::")
    return f"[{function or file}](../tests/{file})"


if __name__ == "__main__":
    print(table(), end="")
