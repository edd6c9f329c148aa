"""The files of the distillation loop, whose length may be known only as it runs."""

from potstill.plan.plan import Files
from potstill.plan.rounds import Rounds
from potstill.settings.names import DISTILLED_MODEL, ITERATION_MODEL


def asks_model(strategy: str) -> bool:
    """Return whether a strategy picks by the scores of a model."""
    # here, as it takes a second that other targets do without
    from potstill.distillation.strategies import find

    return find(strategy).needs_scores


def asks_forces(strategy: str) -> bool:
    """Return whether these scores are of the forces as well."""
    from potstill.distillation.strategies import find

    return find(strategy).needs_forces


class Loop(Rounds):
    """The distillation loops of a configuration, whose rounds are iterations."""

    def last(self, element: str) -> int:
        """Return the number of the loop's last iteration."""
        loop = self.plan.setting("distillation", element)
        last: int = loop.blocks - 1
        if loop.converged_share == 0:
            return last  # the loop never stops early, so the whole graph is known from the start
        return self.ended(element, range(last), lambda told: told["converged"])

    def asks_forces(self, element: str) -> bool:
        """Return whether the scores of an element's blocks are of forces as well."""
        return asks_forces(self.plan.setting("distillation", element).strategy)

    def summaries(self, element: str) -> list[str]:
        """Return the summaries of all iterations."""
        folder = f"<results>/distillation/{element}"
        return [f"{folder}/{k}/summary.json" for k in range(self.last(element) + 1)]

    def models(self, element: str) -> list[str]:
        """Return the models of all iterations; the last one's data are the distilled set."""
        numbers = range(self.last(element))
        names = [ITERATION_MODEL.make(element=element, iteration=k) for k in numbers]
        return [*names, DISTILLED_MODEL.make(element=element)]

    def selection(self, element: str) -> str:
        """Return the data set of the last iteration."""
        return f"<results>/distillation/{element}/{self.last(element)}/selection.h5"

    def inputs(self, element: str, iteration: int) -> Files:
        """Return what an iteration selects from: the source and, after the first, its data so far.

        Where the strategy asks a model, this block's scores as well.
        """
        files = {"frames": self.plan.source(element)}
        if iteration:
            folder = f"<results>/distillation/{element}"
            files["previous"] = f"{folder}/{iteration - 1}/selection.h5"
            if asks_model(self.plan.setting("distillation", element).strategy):
                files["scores"] = f"{folder}/{iteration}/scores.h5"
        return files

    def scoring_model(self, element: str, iteration: int) -> str:
        """Return the model of the iteration before, which scores an iteration's block."""
        model = ITERATION_MODEL.make(element=element, iteration=iteration - 1)
        return f"<results>/models/{model}/ensemble.pt"

    def curve(self, element: str) -> Files:
        """Return the loop's summaries and the evaluations of its models on both test sets."""
        models = self.models(element)
        source = self.plan.setting("distillation", element).source
        return {
            "summaries": self.summaries(element),
            "source_evaluations": self.plan.evaluations(models, source),
            "larger_evaluations": self.plan.evaluations(models, self.plan.larger_set(element)),
        }
