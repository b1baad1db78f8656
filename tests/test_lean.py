"""Libraries without the parts that nobody here uses, and whole for who wants them later."""

import subprocess
import sys

from smwatch.lean import bare, without


def _said_by(program: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_a_package_is_hidden_only_inside() -> None:
    assert (
        _said_by(
            "from smwatch.lean import without\n"
            "with without('colorsys'):\n"
            "    try:\n"
            "        import colorsys\n"
            "    except ImportError:\n"
            "        print('hidden')\n"
            "import colorsys; print(colorsys.__name__)"
        )
        == "hidden\ncolorsys"
    )


def test_what_is_loaded_already_stays() -> None:
    with without("subprocess"):
        import subprocess as inside
    assert inside is subprocess is sys.modules["subprocess"]


def test_a_bare_package_is_whole_afterwards_and_its_modules_are_the_same() -> None:
    assert (
        _said_by(
            "import sys\n"
            "from smwatch.lean import bare\n"
            "with bare('sqlalchemy.ext.asyncio'):\n"
            "    from sqlalchemy.ext.asyncio.engine import create_async_engine\n"
            "print('sqlalchemy.orm' in sys.modules)\n"
            "from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine as whole\n"
            "print(whole is create_async_engine, 'sqlalchemy.orm' in sys.modules)"
        )
        == "False\nTrue True"
    )


def test_a_package_that_is_loaded_or_missing_is_left_alone() -> None:
    before = sys.modules["smwatch.lean"]
    with bare("smwatch"):
        assert sys.modules["smwatch.lean"] is before
    with bare("no_such_package_at_all"):
        assert "no_such_package_at_all" not in sys.modules
