"""The study of strategies: its parts, what it counts, and its table."""

import csv

import numpy as np
import pytest
from scipy.stats import ttest_ind

from potstill.data.frames import read_frames
from potstill.distillation.scores import BlockScores, write_scores
from potstill.errors import PotstillError
from potstill.paper.study.choose import draw_start, part, select_study, write_part
from potstill.paper.study.compare_studies import compare
from potstill.paper.study.over_shares import ratio_to_random
from potstill.paper.study.study_table import Run, against_random, interval, write_study
from potstill.runtime.files import read_json, write_json
from potstill.settings import Descriptor

ERROR = "Ni-32-momt_mae_meV_per_atom"


def test_parts_hold_every_frame_once():
    test, pool = part(500, 120, seed=3)
    assert len(test) == 120 and sorted([*test, *pool]) == list(range(500))
    assert (np.diff(test) > 0).all() and (np.diff(pool) > 0).all()
    assert np.abs(test - np.arange(120) * 500 / 120).max() > 5  # drawn, not spread evenly
    assert part(500, 120, seed=3)[0].tolist() == test.tolist() != part(500, 120, 4)[0].tolist()
    assert len(part(50, 120, seed=3)[1]) == 0


@pytest.fixture
def pool(make_set, tmp_path):
    path, _ = make_set(60)
    write_part(path, test=False, test_frames=20, seed=1, output=tmp_path / "pool.h5")
    draw_start(tmp_path / "pool.h5", count=5, replica=0, seed=1, output=tmp_path / "start.h5")
    return tmp_path / "pool.h5"


def choose(pool, strategy, count=12, start=None, scores=None, seed=1, replica=0):
    selection, summary = pool.with_name("selection.h5"), pool.with_name("summary.json")
    select_study(
        pool, start=start, scores=scores, strategy=strategy, count=count, replica=replica,
        descriptor=Descriptor(radial_shifts=4), seed=seed, selection=selection, summary=summary,
    )  # fmt: skip
    return read_frames(selection), read_json(summary)


@pytest.mark.parametrize("strategy", ["frame_sigma", "force_sigma"])
def test_the_start_counts_and_the_least_certain_of_the_others_follow(pool, tmp_path, strategy):
    start = tmp_path / "start.h5"
    kept = read_frames(start).columns["pool_index"].tolist()
    sigma = np.arange(40.0)
    sigma[kept] = 100.0  # what is there already is not picked again, however uncertain
    atoms = np.repeat(sigma, 6)
    scores = BlockScores("Ni", 6 * np.arange(41), atoms, sigma, np.arange(40), atoms)
    write_scores(tmp_path / "scores.h5", scores)
    chosen, summary = choose(pool, strategy, start=start, scores=tmp_path / "scores.h5")
    others = [i for i in reversed(range(40)) if i not in kept][:7]
    assert chosen.columns["pool_index"].tolist() == sorted(kept + others)
    assert (summary["frames"], summary["start"], summary["labelled"]) == (12, 5, 12)
    assert summary["reasons"][str(kept[0])] == "drawn at random to train the first model"
    np.testing.assert_array_equal(
        chosen.positions, read_frames(pool)[chosen.columns["pool_index"]].positions
    )


def test_labels_are_counted_where_they_are_looked_at(pool):
    assert choose(pool, "grid")[1]["labelled"] == 40
    assert choose(pool, "random")[1]["labelled"] == 12


def test_replicas_draw_anew_and_repeat_themselves(pool):
    draws = [choose(pool, "random", replica=r)[0].columns["pool_index"].tolist() for r in (0, 1, 0)]
    assert draws[0] == draws[2] != draws[1]


def test_more_frames_than_the_pool_holds_are_refused(pool, tmp_path):
    with pytest.raises(PotstillError, match="41 frames cannot be chosen from 40"):
        choose(pool, "random", count=41)
    with pytest.raises(PotstillError, match="of which 5 are the start"):
        choose(pool, "random", count=4, start=tmp_path / "start.h5")


def test_interval_is_students():
    mean, half = interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert half == pytest.approx(4.30265 / np.sqrt(3), rel=1e-5)  # t(0.975, 2), deviation 1
    assert np.isnan(interval([1.0])[1])


def test_against_random_by_welch():
    assert against_random([1.0, 1.1, 0.9], [2.0, 2.1, 1.9]) == "better"
    assert against_random([2.0, 2.1, 1.9], [1.0, 1.1, 0.9]) == "worse"
    assert against_random([1.0, 1.3, 0.7], [1.2, 1.0, 1.4]) == ""
    assert against_random([1.0], [2.0, 2.1]) == ""
    assert against_random([1.0, np.nan], [2.0, 2.1]) == ""
    # three and three, differences of 1 with deviations of 0.5: t = 2.45 < 2.78
    assert against_random([1.0, 1.5, 2.0], [2.0, 2.5, 3.0]) == ""


def test_ratio_at_one_share_is_welchs_of_the_logarithms():
    ours, random = [0.5, 0.6, 0.45], [0.8, 1.1, 0.7, 0.9]
    ratio, low, high, p = ratio_to_random([(ours, random)])
    test = ttest_ind(np.log(ours), np.log(random), equal_var=False)
    welch = test.confidence_interval(0.95)
    assert ratio == pytest.approx(np.exp(np.log(ours).mean() - np.log(random).mean()))
    assert (low, high) == pytest.approx((np.exp(welch.low), np.exp(welch.high)))
    assert p == pytest.approx(test.pvalue)


def test_interval_of_a_ratio_over_shares_holds_the_truth():
    """Of 1,000 studies of known ratio, with other errors and spreads at each share."""
    rng = np.random.default_rng(3)
    hit = 0
    for _ in range(1000):
        pairs = [
            (
                0.7 * scale * np.exp(spread * rng.normal(size=3)),
                scale * np.exp(0.3 * rng.normal(size=3)),
            )
            for scale, spread in ((3.0, 0.1), (1.0, 0.3), (0.5, 0.2))
        ]
        _, low, high, p = ratio_to_random(pairs)
        hit += low < 0.7 < high
        assert (p < 0.05) == (not low < 1 < high)
    assert 935 <= hit <= 985  # 95% with its noise, and Satterthwaite's error at three replicas


def test_ratios_that_nothing_tells():
    assert np.isnan(ratio_to_random([([0.5, np.nan], [1.0, 1.1])])).all()
    assert np.isnan(ratio_to_random([([0.5, 0.0], [1.0, 1.1])])).all()
    ratio, *others = ratio_to_random([([0.5], [1.0])])
    assert ratio == pytest.approx(0.5) and np.isnan(others).all()
    assert ratio_to_random([([0.5, 0.5], [1.0, 1.0])]) == pytest.approx((0.5, 0.5, 0.5, 0.0))
    assert ratio_to_random([([0.5, 0.5], [0.5, 0.5])]) == (1, 1, 1, 1)


def make_runs(tmp_path, strategies=("random", "direct")):
    def crystals(path, shift, converged=True):
        energies = {"FCC": -4.5, "BCC": -4.4, "HCP": -4.48}
        rows = [
            {"structure": s, "energy_eV_per_atom": e + shift, "converged": converged}
            for s, e in energies.items()
        ]
        write_json(path, {"crystals": rows})
        return path

    runs = []
    for k, strategy in enumerate(strategies):
        for replica in range(3):
            name = f"{strategy}-{replica}"
            summary, evaluation = tmp_path / f"{name}.json", tmp_path / f"{name}-test.json"
            write_json(summary, {"frames": 200, "labelled": [200, 900][k]})
            mae = 1.0 - 0.5 * k + 0.01 * replica
            errors = {
                "mae_meV_per_atom": mae,
                "force_mae_meV_per_A": 1.0,
                "worst_percent_meV_per_atom": 3 * mae + k,
            }
            write_json(evaluation, errors)
            relaxed = crystals(tmp_path / f"{name}-c.json", (-1e-3, 2e-3)[k], replica < 2 or not k)
            runs.append(Run(strategy, 1.0, replica, summary, {"Ni/32/momt": evaluation}, relaxed))
    reference = crystals(tmp_path / "reference.json", 0.0)
    names = {n: tmp_path / f"out.{n}" for n in ("rows", "table", "over", "markdown")}
    write_study(runs, reference, **names)
    with names["table"].open(newline="") as handle:
        return list(csv.DictReader(handle)), names["markdown"].read_text()


def test_table_of_known_runs(tmp_path):
    table, text = make_runs(tmp_path)
    random, direct = table
    assert (random["strategy"], direct["strategy"]) == ("random", "direct")
    assert (random["labelled"], direct["labelled"]) == ("200", "900")
    assert float(random[ERROR]) == pytest.approx(1.01)
    assert float(direct[ERROR]) == pytest.approx(0.51)
    assert float(direct[f"{ERROR}_interval"]) == pytest.approx(4.30265 * 0.01 / 3**0.5, rel=1e-4)
    assert direct[f"{ERROR}_against_random"] == "better"
    assert direct["Ni-32-momt_force_mae_meV_per_A_against_random"] == ""
    assert float(random["BCC_error_meV_per_atom"]) == pytest.approx(1.0)  # absolute
    assert direct["FCC_error_meV_per_atom"] == "nan"  # one did not relax
    assert "| 1 | direct | 200 | 900 | **0.51 ± 0.025** |" in text
    assert "| 1 | random | 200 | 200 | 1.01 ± 0.025 |" in text
    with (tmp_path / "out.over").open(newline="") as handle:
        (over,) = csv.DictReader(handle)
    assert (over["strategy"], over["shares"]) == ("direct", "1")
    assert float(over[ERROR]) == pytest.approx(0.51 / 1.01, rel=1e-3)
    assert over["Ni-32-momt_force_mae_meV_per_A"] == "1"
    assert over["FCC_error_meV_per_atom"] == "nan"
    assert f"| direct | 1 | **{float(over[ERROR]):.3g} (" in text


def test_a_study_of_random_alone(tmp_path):
    table, _ = make_runs(tmp_path, ("random",))
    assert [row["strategy"] for row in table] == ["random"]
    (header,) = (tmp_path / "out.over").read_text().splitlines()
    assert header.startswith("strategy,shares,Ni-32-momt_mae_meV_per_atom,")


def test_a_study_without_random_is_refused(tmp_path):
    with pytest.raises(PotstillError, match="no random selection at 1%"):
        make_runs(tmp_path, ("direct", "grid"))


def write_models(path, gains, scale=1.0, noise=0.1, seed=0):
    """A study's rows with errors of a known ratio at each share: gains by percent."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["strategy", "percent", "replica", "frames", "labelled", ERROR])
        for percent, gain in gains.items():
            for strategy in ("random", "direct"):
                mean = scale * (gain if strategy == "direct" else 1.0)
                for replica in range(3):
                    error = mean * np.exp(noise * rng.normal())
                    writer.writerow([strategy, percent, replica, 9, 9, error])
    return path


def test_studies_together(tmp_path):
    """Each against its own random, so that harder data count no more than others."""
    first = write_models(tmp_path / "1.csv", {1: 0.5, 2: 0.5}, noise=1e-6)
    second = write_models(tmp_path / "2.csv", {1: 0.8, 5: 0.8}, scale=100, noise=1e-6, seed=1)
    ratio = (0.5 * 0.5 * 0.8 * 0.8) ** 0.25
    assert f"| direct | 1 2 5 | **{ratio:.3g} ({ratio:.3g} to {ratio:.3g})**\\* |" in compare(
        [first, second]
    )
    assert "all 1 comparisons" in compare([first, second])


def test_a_star_is_for_what_stands_when_corrected(tmp_path):
    """The same ratio, whose p value is below 0.05 and above 0.05 of as many strategies as here."""
    path = write_models(tmp_path / "models.csv", {1: 0.65, 2: 0.65}, seed=2)
    assert "**\\* |" in compare([path])
    with path.open() as handle:
        lines = handle.read().splitlines()
    direct = [line for line in lines if line.startswith("direct")]
    others = [line.replace("direct", f"other{k}") for k in range(300) for line in direct]
    path.write_text("\n".join(lines + others) + "\n")
    told = compare([path])
    assert "** |" in told and "**\\* |" not in told and "all 301 comparisons" in told


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "not the models.csv of a study"),
        ("strategy,percent\nrandom,1\n", "no models, or other errors"),
        ("strategy,a_meV_per_atom\nrandom,1\n", r"not the models.csv of a study \('percent'\)"),
        (f"strategy,percent,{ERROR}\nrandom,1,x\n", "not the models.csv of a study"),
        (f"strategy,percent,{ERROR}\nrandom,1\n", "not the models.csv of a study"),
        (f"strategy,percent,{ERROR}\nrandom,1,1\ngrid,2,1\n", "no random selection at 2%"),
    ],
)
def test_what_is_no_study_is_named(tmp_path, text, complaint):
    path = tmp_path / "bad.csv"
    if text is not None:
        path.write_text(text)
    good = write_models(tmp_path / "good.csv", {1: 0.5})
    with pytest.raises(PotstillError, match=f"bad.csv: {complaint}"):
        compare([good, path])
