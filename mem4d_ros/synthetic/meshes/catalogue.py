"""Which meshes there are, what they are for, and how they are lit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A scene to walk through.

    Attributes:
        low, high: (x, y, z) in m, z up, where cameras may be.
        outdoor: the sun and the sky light it, things are far, cars drive.
        share: how often it is drawn, relative to the others.
        ceiling: height z in m of a ceiling that is added because the source has none.
        hills: seed of a terrain that no file holds, its side and the height of its hills in m.
    """

    name: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    outdoor: bool = False
    share: float = 1.0
    ceiling: float | None = None
    hills: tuple[int, float, float] | None = None


def _terrain(seed: int, side: float, height: float) -> Place:
    reach = 0.3 * side
    return Place(
        f"terrain_{seed}",
        (-reach, -reach, -3 * height),
        (reach, reach, 3 * height),
        outdoor=True,
        share=0.25,
        hills=(seed, side, height),
    )


PLACES = (
    Place("aws_bookstore", (-7.5, -7.0, 0.2), (7.5, 7.0, 2.6), ceiling=3.4),
    Place("aws_hospital", (-12.0, -35.0, 0.2), (12.0, 21.5, 2.6)),
    Place("aws_small_house", (-9.4, -5.6, 0.2), (9.4, 5.6, 2.6), share=2.0, ceiling=2.99),
    Place("aws_warehouse", (-6.8, -10.2, 0.2), (6.8, 10.2, 4.0)),
    Place("bitterli_bathroom", (-2.9, 0.0, 0.2), (2.5, 2.5, 2.6), share=0.7),
    Place("bitterli_bathroom2", (-3.4, -4.3, 0.2), (3.1, 2.9, 2.6), share=0.7),
    Place("bitterli_classroom", (-5.0, -8.0, 0.2), (5.0, 8.0, 2.8)),
    Place("bitterli_dining_room", (-2.1, -3.3, 0.0), (1.8, 1.6, 2.5)),
    Place("bitterli_kitchen", (-3.2, -5.5, 0.2), (3.8, 3.2, 2.8), share=1.5),
    Place("bitterli_living_room", (-0.5, -0.6, 0.2), (5.1, 3.6, 2.7), share=1.5),
    Place("bitterli_living_room_2", (-2.6, -8.2, 0.0), (3.2, -0.3, 2.8), share=1.5),
    Place("bitterli_staircase", (-4.1, -5.2, 0.2), (2.5, 5.2, 6.8)),
    Place("bitterli_staircase2", (-21.7, -7.0, -3.0), (7.2, 3.1, 6.0)),
    Place("sponza_rendu", (-18.5, -11.0, 0.2), (17.5, 11.5, 9.0), outdoor=True),
    Place("gz_mcity", (-200.0, -200.0, 0.3), (200.0, 250.0, 12.0), outdoor=True, share=2.0),
    _terrain(1, 500.0, 6.0),
    _terrain(2, 300.0, 12.0),
    _terrain(3, 600.0, 40.0),
    _terrain(4, 200.0, 1.0),
    _terrain(5, 400.0, 25.0),
)

# Never drawn for training: what a network sees of them measures it.
HELD_OUT = ("aws_bookstore", "bitterli_staircase2")

PEOPLE = (
    "FemaleVisitor",
    "MaleVisitorOnPhone",
    "Nurse",
    "OpScrubs",
    "Scrubs",
    "PatientWheelChair",
    "skin_man_blue_shirt",
    "skin_man_green_shirt",
    "skin_man_red_shirt",
)
CARS = (
    "ambulance",
    "bus",
    "fire_truck",
    "hatchback",
    "hatchback_blue",
    "hatchback_red",
    "pickup",
    "polaris_ranger_ev",
    "polaris_ranger_xp900",
    "suv",
)
FURNITURE = (
    "AdjTable",
    "CoffeeTable",
    "DeskChair",
    "Drawer",
    "Fridge",
    "IVStand",
    "MopCart2",
    "MopCart3",
    "OfficeChairBlack",
    "ParkingTrolleyMax",
    "ParkingTrolleyMin",
    "SquareShelf",
    "StorageRack",
    "TrashBin",
    "TrolleyBedPatient",
    "VendingMachine",
    "WhiteCabinet",
    "WoodenChair",
    "cafe_table",
    "cinder_block",
    "table_marble",
    "warehouse_robot",
)
HAND_HELD = ("TrashBin", "cinder_block", "Drawer", "BathroomSink", "WoodenChair", "SquareShelf")
TREES = ("oak_tree", "pine_tree")
STREET_OBJECTS = (
    "construction_barrel",
    "construction_cone",
    "dumpster",
    "fire_hydrant",
    "jersey_barrier",
    "lamp_post",
    "mailbox",
    "oak_tree",
    "pine_tree",
    "speed_limit_sign",
    "stop_sign",
)
BUILDINGS = (
    "apartment",
    "fast_food",
    "fire_station",
    "gas_station",
    "grocery_store",
    "house_1",
    "house_2",
    "house_3",
    "law_office",
    "police_station",
    "post_office",
    "salon",
    "school",
    "thrift_shop",
)
# Turns about z in degrees after which an object's front is where x points.
FRONT = {
    "FemaleVisitor": 90,
    "skin_man_blue_shirt": 90,
    "skin_man_green_shirt": 90,
    "skin_man_red_shirt": 90,
    "ambulance": 90,
    "bus": 90,
    "fire_truck": -90,
}
OBJECTS = tuple(
    sorted({*PEOPLE, *CARS, *FURNITURE, *HAND_HELD, *STREET_OBJECTS, *BUILDINGS, "Toilet"})
)


def place(name: str) -> Place:
    """The place of this name. Raises ValueError for one that there is not."""
    for candidate in PLACES:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in PLACES)
    raise ValueError(f"there is no place {name!r}; there are {names}")


def training_places() -> tuple[Place, ...]:
    """The places that sequences for training are drawn from."""
    return tuple(candidate for candidate in PLACES if candidate.name not in HELD_OUT)


def held_out_places() -> tuple[Place, ...]:
    """The places that only measure."""
    return tuple(place(name) for name in HELD_OUT)
