"""Words for what photographs show: what clusters are called by a text tower, and what its texts have in common.

Everyday nouns and scenes, alike in number by subject; a list of one's own is `vocabulary=FILE`.
"""

from __future__ import annotations

from imgret.errors import UsageError
from imgret.reading.textfile import other_than_utf8
from imgret.words import printable, typed_path

WORDS = """
man, woman, child, baby, crowd, couple, family, face, hand, musician, wedding, concert, sport, football, swimming,
cycling, skiing, dancing, dog, cat, horse, cow, sheep, bird, fish, insect, butterfly, spider, snake, elephant, bear,
lion, monkey, flower, tree, leaf, grass, mushroom, fruit, apple, vegetable, bread, cake, meat, salad, pizza, soup,
drink, coffee, wine, beach, sea, lake, river, waterfall, mountain, forest, desert, field, sky, sunset, cloud, snow,
night, fire, city, street, house, church, castle, bridge, tower, skyscraper, window, door, stairs, garden, park,
road, car, bus, truck, motorcycle, bicycle, train, airplane, boat, ship, kitchen, bedroom, bathroom, office,
classroom, shop, restaurant, museum, chair, table, sofa, bed, lamp, bottle, cup, plate, knife, clock, book,
newspaper, phone, computer, camera, television, keyboard, toy, ball, guitar, piano, tool, machine, dress, shirt,
t-shirt, trousers, jeans, shorts, skirt, jacket, coat, sweater, suit, hat, shoe, boot, bag, glasses, watch, jewelry,
fabric, pattern, stripes, painting, drawing, cartoon, map, diagram, chart, screenshot, text, handwriting, logo,
sign, receipt, medical image, satellite image, microscope image
"""
TEMPLATE = "a photo of a {}"  # as the words of classes are put by A. Radford et al., 2021, section 3.1.4
MOST = 10_000  # words


def words(file: str | None = None) -> list[str]:
    """The distinct words of a file, one a line, in its order; without one, those above. Raises UsageError."""
    if file is None:
        return [word.strip() for word in WORDS.replace("\n", " ").split(",")]
    try:
        data = typed_path(file).read_bytes()
        if named := other_than_utf8(data, file):
            raise UsageError(f"vocabulary={printable(file)} {named}")
        lines = data.decode("utf-8-sig").splitlines()
    except UsageError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"vocabulary={printable(file)}: {reason}\ngive a text file, one word a line") from error
    found = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not 10 <= len(found) <= MOST:
        raise UsageError(
            f"vocabulary={printable(file)} has {len(found)} words\ngive a file of 10 to {MOST:,}, one a line"
        )
    return found
