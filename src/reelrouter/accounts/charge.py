"""What the end of a job costs, as a value that the ledger books and limits count."""

from dataclasses import dataclass

from reelrouter.money import Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    price: Nanos
    """What the workspace pays us."""
    list_price: Nanos
    """What the catalogue asks for the video."""
    is_byok: bool = False
    """Whether it was made on one of the workspace's own vendor keys; then `price` is our fee."""

    @property
    def with_byok(self) -> Nanos:
        """What counts where jobs on the workspace's own vendor keys count at their list price."""
        return self.list_price if self.is_byok else self.price
