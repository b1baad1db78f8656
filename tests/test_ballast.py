"""A full disk: the ballast goes first, reading pauses, and both come back."""

import pytest

from smwatch import ballast
from smwatch.ballast import FULL, ROOMY, Ballast, Disk


class Polls:
    held = False


class Room:
    def __init__(self, folder):
        self.file, self.polls, self.told = folder / "ballast", Polls(), []
        self.disk = Disk(Ballast(folder), self.polls, self.hears)

    async def hears(self, sentence):
        self.told.append(sentence.render("de").split(":")[0])

    async def has(self, *free):
        for bytes_left in free:
            await self.disk.step(bytes_left)
        return self.file.exists(), self.polls.held


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


async def test_room_is_reserved_where_there_is_plenty(room):
    assert await room.has(ROOMY - 1) == (False, False)
    assert await room.has(ROOMY) == (True, False)
    assert room.file.stat().st_size == ballast.SIZE
    assert room.file.stat().st_blocks * 512 >= ballast.SIZE  # really there, no hole


async def test_when_the_disk_is_full_the_room_is_given_back_and_reading_pauses(room):
    assert await room.has(ROOMY, FULL) == (True, False)
    assert await room.has(FULL - 1) == (False, True)
    assert await room.has(FULL + ballast.SIZE) == (False, True)  # the room that was given back is no end of it
    assert await room.has(ROOMY) == (True, False)
    assert room.told == ["die Platte ist voll", "auf der Platte ist wieder Platz"]


async def test_a_folder_that_takes_no_file_is_no_trouble(tmp_path):
    room = Room(tmp_path / "nowhere")
    assert await room.has(ROOMY, FULL - 1) == (False, True)
