"""The brands that merchants know, and when the acquirers behind them pay out (acquirers.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from knowledge.model import Text
from knowledge.schema import Form, TextForm
from knowledge.yaml_source import Document, KnowledgeError, read_layers

FILE = "acquirers.yaml"
DEFAULT = "default"

#: Values of the fact pay_method.
PayMethod = Literal["credit_card", "debit_card", "wechat", "alipay", "unionpay_qr", "ecny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """When an acquirer pays out. Times of day are Asia/Shanghai, amounts fen."""

    #: The promise behind D0 and T0, which the acquirer may switch off any day.
    base_cycle: Literal["t1", "d1"]
    #: From this minute on a sale counts for the next day's batch, if cutoff_rolls.
    cutoff: time
    cutoff_rolls: bool
    #: By this hour of the due day the money should be there; it is late after the grace.
    pay_by: time
    grace: timedelta
    #: Hours of instant payout: the first minute is in, the last is out.
    d0_window: tuple[time, time]
    #: Amounts with instant payout, both included.
    d0_min: int
    d0_max: int
    #: Ways of paying (values of the fact pay_method) with a smaller largest amount.
    d0_max_by: Mapping[str, int]
    #: Ways of paying (values of the fact pay_method) without instant payout.
    d0_refuses: frozenset[str]
    #: A terminal must have been open for so many days.
    d0_min_age_days: int
    #: A smaller balance waits for the next payout.
    min_payout: int
    #: When somebody last compared the numbers with the source.
    verified_on: date
    source: str

    def d0_takes(self, amount: int, pay_method: str | None) -> bool | None:
        """Say whether an amount in fen is paid out at once; None if that depends on how it was paid."""
        if not self.d0_min <= amount <= self.d0_max:
            return False
        if pay_method is None and any(amount > largest for largest in self.d0_max_by.values()):
            return None
        return amount <= self.d0_largest(pay_method)

    def d0_largest(self, pay_method: str | None) -> int:
        """Give the largest amount in fen that is paid out at once; None stands for any way of paying."""
        return self.d0_max_by.get(pay_method or "", self.d0_max)


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand of terminals."""

    id: str
    names: Text
    #: The acquirer with numbers of its own; None = the default profile.
    acquirer: str | None


class Acquirers:
    """The brands, and the profile of each."""

    def __init__(
        self, default: Profile, profiles: Mapping[str, Profile], brands: Mapping[str, Brand]
    ) -> None:
        self.brands = brands
        #: Acquirer -> its profile; "default" is that of all others.
        self.profiles: Mapping[str, Profile] = {**profiles, DEFAULT: default}
        self._by_name = {
            name.casefold(): brand
            for brand in brands.values()
            for name in (brand.names.en, brand.names.zh, brand.id)
        }

    def brand(self, name_or_id: str) -> Brand | None:
        """Find a brand by its id or its name in either language, whatever the case."""
        return self._by_name.get(name_or_id.strip().casefold())

    def profile(self, brand_value: str | None) -> Profile:
        """Give the profile for a value of the fact brand; the default when the brand tells nothing."""
        brand = self.brand(brand_value) if brand_value else None
        if brand is None or brand.acquirer is None:
            return self.profiles[DEFAULT]
        return self.profiles[brand.acquirer]


class _ProfileForm(Form):
    base_cycle: Literal["t1", "d1"]
    cutoff: time
    cutoff_rolls: bool
    pay_by: time
    grace_hours: float = Field(ge=0)
    d0_window: tuple[time, time]
    d0_min_yuan: int = Field(ge=0)
    d0_max_yuan: int = Field(ge=0)
    d0_max_yuan_by: dict[PayMethod, int] = Field(default_factory=dict)
    d0_refuses: frozenset[PayMethod]
    d0_min_age_days: int = Field(ge=0)
    min_payout_yuan: int = Field(ge=0)
    verified_on: date
    source: str = Field(min_length=1)


class _BrandForm(Form):
    names: TextForm
    acquirer: str | None = None


class _FileForm(Form):
    default: _ProfileForm
    #: What differs from the default; verified_on and source always stand there.
    acquirers: dict[str, dict[str, Any]]
    brands: dict[str, _BrandForm]


def load_acquirers(folder: Path, own: Path | None = None) -> Acquirers:
    """Read acquirers.yaml of a knowledge folder, with the operator's own laid over it.

    Raises KnowledgeError with all its mistakes.
    """
    document = read_layers(folder, own, FILE, depth=2)
    form = document.parse(_FileForm) if not document.mistakes else None
    if form is None:
        raise KnowledgeError(document.mistakes)
    _check(form.default, ("default",), document)
    profiles = {}
    for name in form.acquirers:
        profile = _read_profile(name, document)
        if profile:
            profiles[name] = profile
    brands = {}
    for brand_id, brand in form.brands.items():
        if brand.acquirer is not None and brand.acquirer not in form.acquirers:
            fix = "add it under `acquirers`, or leave `acquirer` out for the default."
            document.complain(("brands", brand_id), f"there is no acquirer {brand.acquirer}.", fix)
        brands[brand_id] = Brand(brand_id, Text(brand.names.zh, brand.names.en), brand.acquirer)
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return Acquirers(_profile(form.default), profiles, brands)


def _read_profile(name: str, document: Document) -> Profile | None:
    """Read what an acquirer says of itself, over the default."""
    own = document.part("acquirers").part(name)
    for key in ("verified_on", "source"):
        if key not in own.data:
            fix = "add it: every acquirer's numbers need their own."
            document.complain(("acquirers", name), f"{name} has no {key}.", fix)
    own.data = document.data["default"] | own.data
    form = own.parse(_ProfileForm)
    if form is None:
        return None
    _check(form, ("acquirers", name), document)
    return _profile(form)


def _check(form: _ProfileForm, place: tuple[str, ...], document: Document) -> None:
    if form.d0_window[0] >= form.d0_window[1]:
        document.complain((*place, "d0_window"), "the window ends before it begins.", "swap its ends.")
    if form.d0_min_yuan > form.d0_max_yuan:
        fix = "make d0_min_yuan the smaller one."
        document.complain((*place, "d0_min_yuan"), "the smallest amount is above the largest.", fix)


def _profile(form: _ProfileForm) -> Profile:
    return Profile(
        base_cycle=form.base_cycle,
        cutoff=form.cutoff,
        cutoff_rolls=form.cutoff_rolls,
        pay_by=form.pay_by,
        grace=timedelta(hours=form.grace_hours),
        d0_window=form.d0_window,
        d0_min=form.d0_min_yuan * 100,
        d0_max=form.d0_max_yuan * 100,
        d0_max_by={method: yuan * 100 for method, yuan in form.d0_max_yuan_by.items()},
        d0_refuses=form.d0_refuses,
        d0_min_age_days=form.d0_min_age_days,
        min_payout=form.min_payout_yuan * 100,
        verified_on=form.verified_on,
        source=form.source,
    )
