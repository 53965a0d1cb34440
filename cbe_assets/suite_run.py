"""Great Expectations without the work it repeats: half the time of a suite, with the same results.

While it validates, it writes every expectation out as a configuration, and builds it back from one, some forty times.
Neither changes during a run, so each is done once here.  Great Expectations is pinned; a test compares the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def run(suite: Any, batch_definition: Any, frame: pd.DataFrame) -> Any:
    """The results of an ExpectationSuite on a frame, in the format BASIC.

    What `Batch.validate` does, which would make, and so hash, the batch a second time.
    """
    from great_expectations.core.result_format import ResultFormat
    from great_expectations.validator.v1_validator import Validator

    validator = Validator(batch_definition, ResultFormat.BASIC, batch_parameters={"dataframe": frame})
    with remembered():
        return validator.validate_expectation_suite(suite)


@contextmanager
def remembered() -> Iterator[None]:
    """Configurations and expectations are made once each while the suite of one table runs."""
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    written, built = Expectation.__dict__["configuration"], ExpectationConfiguration.to_domain_obj
    Expectation.configuration = property(_once(written.fget))
    ExpectationConfiguration.to_domain_obj = _once(built)
    try:
        yield
    finally:
        Expectation.configuration, ExpectationConfiguration.to_domain_obj = written, built


def _once(made: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`made` for each object once; the object is kept too, or another one could take its place in memory."""
    known: dict[int, tuple[Any, Any]] = {}

    def answer(asked: Any) -> Any:
        if id(asked) not in known:
            known[id(asked)] = (asked, made(asked))
        return known[id(asked)][1]

    return answer
