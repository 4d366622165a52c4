"""What a scheme is: slots that come and go, and can be given batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from parflow_jupyter.maps.messages import Batch, BatchResult
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.transport.function import ShippedFunction

Slot = str
"""Name of a slot within a run, such as "engine 0"."""

HERE: Slot = "here"
"""The slot of a scheme that runs the items in the process of the caller."""


@dataclass(frozen=True)
class Capabilities:
    """What a scheme can do; what it can't is refused up front, or avoided by "auto".

    Args:
        timeout: Can interrupt a single item.
        seeds: Can give every item its own random numbers.
        captures: Keeps what items print with them.
        survives: Goes on when a slot is killed.
        in_caller: Runs the items in the caller's own thread.
        gives_back: Slots hand back items they did not start.
    """

    timeout: bool = False
    seeds: bool = True
    captures: bool = False
    survives: bool = False
    in_caller: bool = False
    gives_back: bool = False


@dataclass(frozen=True)
class Readiness:
    """How many slots a scheme has now, and why, in words that fit after its name.

    Example:
        >>> str(Readiness(2, "2 engines connected"))
        '2 engines connected'
    """

    slots: int
    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True)
class Plan:
    """What is the same for all batches of a run.

    Args:
        run: Identity of the run.
        function: What is called with each item.
        options: What the caller asked for; their seed is the entropy of the run, drawn or given.
        shipped: The function as it travels; None where it does not.
        total: Number of items, or None where the input is unsized.
        items: The input, one list per iterable, where large arrays that several items have are
            sent once; None where every item is sent by itself.
    """

    run: str
    function: Callable[..., Any]
    options: MapOptions = MapOptions()  # noqa: RUF009 - it is frozen
    shipped: ShippedFunction | None = None
    total: int | None = None
    items: Sequence[Sequence[Any]] | None = None


@dataclass(frozen=True)
class SlotJoined:
    """A slot is ready for batches."""

    slot: Slot
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SlotLeft:
    """A slot is gone, and with it what it had not answered.

    ``replaceable`` tells whether it makes sense to ask for a new one.
    """

    slot: Slot
    why: str
    replaceable: bool = True


@dataclass(frozen=True)
class SlotRefused:
    """A slot can't take part, and why."""

    slot: Slot
    why: str


@dataclass(frozen=True)
class Answered:
    """A batch came back.

    Args:
        slot: Where it ran.
        batch: Its number.
        unpack: Returns the batch result; may raise what loading the results raises.
        sent_bytes: Packed size of the batch, 0 where nothing was packed.
        answer_bytes: Packed size of the answer, likewise.
    """

    slot: Slot
    batch: int
    unpack: Callable[[], BatchResult]
    sent_bytes: int = 0
    answer_bytes: int = 0


def as_it_is(batch_result: BatchResult) -> BatchResult:
    """Return a batch result that nobody packed."""
    return batch_result


def as_raised(error: BaseException) -> BatchResult:
    """Raise what kept a batch from having a result."""
    raise error


@dataclass(frozen=True)
class Early:
    """What a batch that goes on has finished.

    Args:
        slot: Where it runs.
        batch: Its number.
        first: Position of the first item in the batch result.
        unpack: Returns the batch result; may raise what loading the results raises.
    """

    slot: Slot
    batch: int
    first: int
    unpack: Callable[[], BatchResult]


@dataclass(frozen=True)
class GivenBack:
    """A slot will not run the items of a batch from ``position`` on."""

    slot: Slot
    batch: int
    position: int


@dataclass(frozen=True)
class Alive:
    """A slot said that it is alive, also while an item runs.

    Args:
        slot: Its name.
        batch: What it runs now, or None.
        position: The item's place in that batch.
        overdue: Seconds by which that item has passed its timeout, 0 before that.
    """

    slot: Slot
    batch: int | None = None
    position: int = 0
    overdue: float = 0.0


SlotEvent = SlotJoined | SlotLeft | SlotRefused | Answered | Early | GivenBack | Alive
Sink = Callable[[SlotEvent], None]
"""Takes events of slots, from any thread; returns at once."""


class Slots(ABC):
    """The slots of a scheme for one run. No method waits for a slot."""

    @abstractmethod
    def submit(self, slot: Slot, batch: Batch) -> None:
        """Give a slot a batch; its ``Answered`` comes by the sink.

        Raises:
            CannotShipError: Its items can't be pickled.
        """

    @abstractmethod
    def interrupt(self, slot: Slot) -> None:
        """Interrupt the run's item there, and keep its queued batches from starting."""

    def give_back(self, slot: Slot, batch: int, size: int) -> None:  # noqa: B027 - may stay as it is
        """Ask for the items of a batch that were not started; ``GivenBack`` tells which."""

    def collect(self, slot: Slot, batch: int, first: int) -> None:  # noqa: B027 - may stay as it is
        """Ask for the results of a batch that goes on, from an item on; ``Early`` brings them."""

    def running(self, slot: Slot) -> tuple[int, int] | None:
        """Return the batch and the place in it where a slot was last seen, also of a dead one."""
        return None

    def ask_alive(self, slot: Slot) -> None:  # noqa: B027 - may stay as it is
        """Ask a slot for an ``Alive``."""

    def why_silent(self) -> str | None:
        """Return why slots will give no sign of life any more, None while that is not known.

        Asked again and again while none of them gives one.
        """
        return None

    def replace(self, slot: Slot) -> bool:
        """Ask for a new slot instead of a dead one; return whether one may come."""
        return False

    def kill(self, slot: Slot) -> bool:
        """End a slot that does not let go of an item; return whether it will be gone soon."""
        return False

    def awaited(self) -> bool:
        """Return whether a slot that is there has not answered yet whether it takes part."""
        return False

    def poll(self) -> None:  # noqa: B027 - may stay as it is
        """Look for slots that came or went; called about ten times a second."""

    def run_here(self, timeout: float) -> None:  # noqa: B027 - may stay as it is
        """Run waiting batches in the calling thread; only for schemes that do."""

    def close(self) -> None:  # noqa: B027 - may stay as it is
        """Let go of everything; called once, also after failures."""


@dataclass(frozen=True)
class ClusterAccess:
    """What a scheme may do with the current cluster, which maps know nothing of.

    Args:
        connect: Returns the client, or None where no controller is up, or raises.
        on_engine_exit: Subscribes to ids and pids of engines that ended; returns how to
            unsubscribe.
        replace_engine: Starts a new engine for an id and pid, or raises; may take seconds.
    """

    connect: Callable[[], Any]
    on_engine_exit: Callable[[Callable[[int, int], None]], Callable[[], None]] | None = None
    replace_engine: Callable[[int, int | None], None] | None = None


class Scheme(ABC):
    """A way to run the items of a map: all that is known of it is said here, by its class."""

    name: ClassVar[str]
    kind: ClassVar[Literal["serial", "threads", "processes", "remote"]]
    capabilities: ClassVar[Capabilities]
    ships: ClassVar[bool] = True
    """Whether the function has to be picklable."""
    rank: ClassVar[int] = 50
    """Its place in the order of the toolbox, low first; serial is last whatever others say."""
    enabled_at_first: ClassVar[bool] = True
    """Whether "auto" may take it before somebody sets that."""
    takes_workers: ClassVar[bool] = False
    """Whether its number of slots is a setting, given to its class as ``workers``."""
    needs_cluster: ClassVar[bool] = False
    """Whether its slots are the engines of the current cluster."""
    noun: ClassVar[tuple[str, str] | None] = ("slot", "slots")
    """One of its slots and several, in words; None where it is not worth telling."""

    @classmethod
    def configured(cls, workers: int | None = None, cluster: ClusterAccess | None = None) -> Scheme:
        """Return the scheme as it is set.

        Args:
            workers: Number of slots; None for automatic.
            cluster: The way to the current cluster, None where there is none.
        """
        return cls(workers) if cls.takes_workers else cls()  # type: ignore[call-arg]

    @classmethod
    def glance(cls, workers: int | None, engines: int | None) -> Readiness:
        """Return how many slots there are, for a process that connects to no cluster.

        Args:
            workers: Number of slots that is set; None for automatic.
            engines: How many engines are connected; None where nobody can tell.
        """
        return cls.configured(workers).readiness()

    @abstractmethod
    def readiness(self) -> Readiness:
        """Return how many slots there are now, without starting any."""

    @abstractmethod
    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run: slots that are there, or come later, are told to the sink."""
