"""The backbone open_clip: both towers against open_clip's own, its weights, and a run that is searched with texts."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import imgret
from imgret import UsageError, ops
from imgret.__main__ import main
from imgret.checks import faults
from imgret.contracts import Backbone
from imgret.features import weights
from imgret.features.space import space
from imgret.features.weights import WeightsUnavailable, seeded
from imgret.registry import build

open_clip = pytest.importorskip("open_clip")
TEXTS = ["a red dress", "", "Ein Käfer & 3 dogs " * 40]  # the last is longer than the tower reads
VISION = {"layers": 2, "width": 64, "head_width": 32, "patch_size": 16, "image_size": 64}
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
TINY = {
    "tiny": {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT},
    "tiny-custom": {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT, "custom_text": True},
    "tiny-resnet": {
        "embed_dim": 24,
        "vision_cfg": {"layers": [1, 1, 1, 1], "width": 16, "patch_size": None, "image_size": 64},
        "text_cfg": TEXT,
    },
}


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, config in TINY.items():
        monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, name, config)


def make(**arguments: Any) -> Backbone:
    made: Backbone = build("backbone", {"name": "open_clip", **arguments})
    return made


def network(name: str, seed: int = 3, **changes: Any) -> Any:
    return seeded(lambda: open_clip.create_model(name, **changes), seed).eval()


def saved(folder: Path, name: str, model: Any) -> str:
    file = folder / name
    save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, file)
    return str(file)


@pytest.mark.parametrize("name", TINY)
def test_both_towers_are_open_clips(name: str, tmp_path: Path) -> None:
    whole = network(name)
    backbone = make(model=name, weights=saved(tmp_path, "w.safetensors", whole))
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(backbone.module.eval()(images), whole.encode_image(images))
        reference = whole.encode_text(open_clip.get_tokenizer(name)(TEXTS))
    assert backbone.text is not None
    found = backbone.text(TEXTS)
    np.testing.assert_allclose(found, reference.numpy(), rtol=1e-5, atol=1e-6)
    assert (found.dtype, found.shape) == (np.float32, (3, 24))
    assert (backbone.licence, backbone.facts["model"]) == ("that of the file", f"open_clip {name}")
    assert backbone.preprocess.size == (64, 64)
    assert backbone.preprocess.mean == open_clip.OPENAI_DATASET_MEAN


def test_more_texts_than_are_read_at_once() -> None:
    text = make(model="tiny", weights="random").text
    assert text is not None
    many = [f"photograph {i}" for i in range(70)]
    np.testing.assert_allclose(text(many)[[0, 33, 69]], text([many[0], many[33], many[69]]), atol=1e-6)


def test_a_checkpoint_of_old_and_another_size_are_open_clips(tmp_path: Path) -> None:
    """Texts' weights by the names of CLIP in a model that keeps them apart, and positions of another grid."""
    old = network("tiny")
    file = saved(tmp_path, "w.safetensors", old)
    torch.save(old.state_dict(), tmp_path / "w.pt")
    handlers = list(logging.getLogger().handlers)
    backbone = make(model="tiny-custom", weights=file, size="96x64")
    assert logging.getLogger().handlers == handlers
    reference = open_clip.create_model(
        "tiny-custom", pretrained=str(tmp_path / "w.pt"), force_image_size=(96, 64)
    ).eval()
    images = torch.randn(2, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(backbone.module.eval()(images), reference.encode_image(images))
        expected = reference.encode_text(open_clip.get_tokenizer("tiny-custom")(TEXTS))
    assert backbone.text is not None
    np.testing.assert_allclose(backbone.text(TEXTS), expected.numpy(), rtol=1e-5, atol=1e-6)


def test_random_weights_are_seeded_and_the_contract_kept() -> None:
    assert faults("backbone", "open_clip", model="tiny", weights="random") == []
    with torch.random.fork_rng():
        torch.manual_seed(5)
        other = make(model="tiny", weights="random")
    first = make(model="tiny", weights="random")
    assert first.text is not None
    assert other.text is not None
    np.testing.assert_array_equal(first.text(TEXTS), other.text(TEXTS))


def test_the_weights_of_both_towers_make_the_space(tmp_path: Path) -> None:
    one, other = network("tiny"), network("tiny")
    with torch.no_grad():
        other.token_embedding.weight[320] += 1
    first, second = (
        space({"name": "open_clip"}, make(model="tiny", weights=saved(tmp_path, f"{i}.safetensors", model)))
        for i, model in enumerate((one, other))
    )
    assert first["weights"] == second["weights"]
    assert first["text"] != second["text"]
    assert "text" not in space({"name": "pixels"}, build("backbone", {"name": "pixels"}))


def test_a_name_is_in_the_cache_or_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from huggingface_hub import constants

    def gone(url: str) -> Any:
        raise OSError(f"nobody may ask for {url}")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(weights, "_open", gone)
    how = open_clip.pretrained._slpcfg(hf_hub="laion/CLIP-tiny/")
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", {"laion2b_s34b_b79k": how})
    with pytest.raises(WeightsUnavailable, match="are not on this machine, and offline=true"):
        make(model="tiny", offline=True)
    url = "https://huggingface.co/laion/CLIP-tiny/resolve/main/open_clip_model.safetensors"
    with pytest.raises(WeightsUnavailable, match=f"could not be fetched: nobody may ask for {url}\n"):
        make(model="tiny")
    (line,) = [line for line in caplog.messages if line.startswith("fetching")]
    assert f"of open_clip's tiny, about 7 MB, from {url} to " in line

    repository = tmp_path / "hf" / "models--laion--CLIP-tiny"
    (repository / "snapshots" / "0123").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123")
    saved(repository / "snapshots" / "0123", "open_clip_model.safetensors", network("tiny"))
    backbone = make(model="tiny", offline=True)
    assert (backbone.licence, backbone.facts["weights"]) == ("MIT", "laion2b_s34b_b79k")
    assert backbone.preprocess.mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"model": "VIT-B-32"},
            r"open_clip has no model 'VIT-B-32', did you mean ViT-B-32.*\ntype backbone.model",
        ),
        ({"model": "ViT-B-16-SigLIP2"}, r"open_clip's ViT-B-16-SigLIP2 needs further packages, try ViT-B-16.*\ntype"),
        ({"model": "coca_ViT-B-32"}, "needs further packages"),
        ({"model": "tiny", "weights": "gone.safetensors"}, "there is no such file"),
        (
            {"model": "tiny", "weights": "w.pt"},
            r"read from safetensors only\nchoose from: .*, or a file ending in",
        ),
        ({"model": "tiny", "weights": "other.safetensors"}, r"does not fit this model: .* is missing in the file"),
        ({"model": "tiny-resnet", "weights": "random", "size": 8}, r"open_clip cannot make tiny-resnet so: .*\nleave"),
    ],
)
def test_what_to_type_instead(arguments: dict[str, Any], words: str) -> None:
    Path("w.pt").write_bytes(b"a pickle")
    save_file({"visual.proj": torch.zeros(64, 24)}, "other.safetensors")
    with pytest.raises(UsageError, match=words):
        make(**arguments)


def test_weights_of_another_activation_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    how = open_clip.pretrained._pcfg(hf_hub="timm/tiny/", quick_gelu=True)
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", {"openai": how})
    with pytest.raises(UsageError, match=r"another activation than tiny has\ntype backbone.model=tiny-quickgelu"):
        make(model="tiny", weights="openai")


def test_the_package_is_asked_for_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(UsageError, match=r'takes open_clip_torch\ntype pip install "imgret\[text\]"'):
        make()


def test_a_run_is_searched_with_texts(colours: Path, tmp_path: Path, capsys: Any) -> None:
    model = network("tiny")
    file = saved(tmp_path, "w.safetensors", model)
    options = {"backbone__model": "tiny", "backbone__weights": file}
    run = imgret.run(colours, backbone="open_clip", view="pca", reports=[], metrics=[], k=3, **options)
    again = imgret.load(run.folder)
    hits = again.search(text="a red dress", top=24)
    assert run.search(text="a red dress", top=24) == hits

    with torch.no_grad():
        tokens = open_clip.get_tokenizer("tiny")
        words = imgret.settings.vocabulary.words()
        rows = [ops.normalise(model.encode_text(tokens(texts)).numpy(), "l2")[0] for texts in (
            ["a red dress"], [f"a photo of a {word}" for word in words])]  # fmt: skip
    query = rows[0][0] - rows[1].mean(axis=0)
    scores = run.X @ (query / np.linalg.norm(query))
    assert [run.row_of[hit.id] for hit in hits] == list(np.argsort(-scores, kind="stable"))
    np.testing.assert_allclose([hit.score for hit in hits], np.sort(scores)[::-1], atol=1e-5)

    capsys.readouterr()
    asked = ["--text", "a red dress", "red/a/0.png", "--weights", "2,1", "--not-text", "snow", "--where", "group=b"]
    assert main(["query", *asked, "--json", "--top", "5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["text"], found["not_text"], found["query"]) == (["a red dress"], ["snow"], ["red/a/0.png"])
    assert [hit["path"] for hit in found["hits"]] == [
        hit.path for hit in run.search("red/a/0.png", 5, (), "group=b", [2, 1], "a red dress", "snow")
    ]
    assert main(["query", "--text", "a/b\n\udce9 " + "x" * 80, "--top", "2"]) == 0
    (sheet,) = (run.folder / "queries").iterdir()
    assert capsys.readouterr().out.splitlines()[-1].endswith(sheet.name)

    with torch.no_grad():
        model.positional_embedding += 1
    saved(tmp_path, "w.safetensors", model)
    with pytest.raises(UsageError, match="were not made with the weights"):
        imgret.load(run.folder).search(text="a red dress")
