"""How long a paper takes to draw, in processor time: the rule alone, in the easy case and in those that need augmenting paths.

PYTHONPATH=platform python bench/papers.py
"""

from collections.abc import Mapping, Sequence
from statistics import quantiles
from time import process_time
from uuid import UUID

from laurel.quizzes.rules.drawing import Drawer, Place, Sparing

POOL = [UUID(int=number) for number in range(2000)]
GROUPS = {question: f"group {number // 3}" for number, question in enumerate(POOL) if number % 5 == 0}
SHOWN = {question: question.int * 7919 % 60 for question in POOL}
PARTS = [Place(POOL[number * 200 : (number + 1) * 200], 6) for number in range(10)]
OVERLAPPING = [Place(POOL[number * 150 : number * 150 + 650], 6) for number in range(10)]
TIGHT = [Place(POOL[number * 5 : number * 5 + 12], 5 if number else 12) for number in range(12)]
SINGLES = [Place(POOL, 1) for _ in range(200)]
CASES: Sequence[tuple[str, Sequence[Place], Mapping[UUID, str]]] = [
    ("60 of 2,000, ten sections", PARTS, {}),
    ("60 of 2,000, ten sections, groups", PARTS, GROUPS),
    ("60 of 2,000, sections that overlap, groups", OVERLAPPING, GROUPS),
    ("67 of 67, every question moves others on", TIGHT, {}),
    ("200 sections of one from all 2,000, groups", SINGLES, GROUPS),
]


def measure(places: Sequence[Place], groups: Mapping[UUID, str], *, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the processor for making ready and drawing one paper, and for drawing alone."""
    whole, drawing = [], []
    for seed in range(times):
        start = process_time()
        drawer = Drawer(places, groups=groups, sparing=Sparing(shown=SHOWN, seen=POOL[:120:2]))
        ready = process_time()
        drawer.draw(seed=seed)
        end = process_time()
        whole.append((end - start) * 1000)
        drawing.append((end - ready) * 1000)
    return whole, drawing


def main() -> None:
    print(f"{'':46}{'a paper, ms':>18}{'the draw alone, ms':>22}")
    print(f"{'':46}{'p50':>9}{'p99':>9}{'p50':>13}{'p99':>9}")
    for name, places, groups in CASES:
        whole, drawing = (quantiles(times, n=100) for times in measure(places, groups, times=100))
        print(f"{name:46}{whole[49]:9.2f}{whole[98]:9.2f}{drawing[49]:13.2f}{drawing[98]:9.2f}")


if __name__ == "__main__":
    main()
