"""Quotas from the system's own records, written by hand, and on a real disk."""

import os
import shutil
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tiles2zarr.errors import StoreError
from tiles2zarr.models.plan import ImageEntry, Plan
from tiles2zarr.state import State
from tiles2zarr.steps import quotas, space
from tiles2zarr.steps.quotas import (
    Limit,
    Mount,
    Quota,
    find_mount,
    group_of,
    is_enforced,
    parse_quota,
    parse_record,
    quotas_of,
)
from tiles2zarr.steps.space import check_space

GB = 10**9
MOUNTINFO = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
31 22 8:17 / /srv/big\040disk rw,relatime shared:9 - xfs /dev/sdb1 rw,usrquota
32 22 0:51 /lab /net/lab rw,noatime - nfs4 store:/export/lab rw,vers=4.2,addr=10.1.1.1
33 22 0:60 / /run/odd rw
"""
NO_LIMIT = Limit(used=0, soft=0, hard=0, grace_end=0)


def plan() -> Plan:
    """Return a plan of 100 GB in 1000 files."""
    entry = ImageEntry(
        batch="b", path="x", shape=(1, 1, 10, 30, 40), planes=10, acquisition=0
    )
    return Plan(
        name="P1",
        kind="plate",
        acquisitions=(),
        images={"B/03/0": entry},
        batches=("b",),
        expected_bytes=100 * GB,
        expected_files=1000,
    )


def test_record_of_the_kernel() -> None:
    """Bytes of ``struct if_dqblk``: limits are blocks of 1024 bytes, use is bytes."""
    fields = (6000, 5000, 5632001, 20, 10, 7, 1796471404, 5, 0x3F)
    raw = struct.pack("=QQQQQQQQI", *fields) + b"\0" * 4
    assert parse_record(raw, "user anna") == Quota(
        owner="user anna",
        space=Limit(used=5632001, soft=5120000, hard=6144000, grace_end=1796471404),
        files=Limit(used=7, soft=10, hard=20, grace_end=5),
    )


@pytest.mark.parametrize(
    ("limit", "left", "to_soft"),
    [
        pytest.param(Limit(30, 0, 0, 0), None, None, id="none"),
        pytest.param(Limit(30, 0, 100, 0), 70, None, id="hard"),
        pytest.param(Limit(30, 50, 100, 0), 70, 20, id="below-soft"),
        pytest.param(Limit(60, 50, 100, 1001), 40, 0, id="in-grace"),
        pytest.param(Limit(60, 50, 100, 1000), 0, 0, id="grace-over"),
        pytest.param(Limit(30, 50, 0, 0), None, 20, id="soft-only"),
        pytest.param(Limit(120, 0, 100, 0), 0, None, id="passed"),
    ],
)
def test_what_is_left(limit: Limit, left: int | None, to_soft: int | None) -> None:
    """At second 1000; a soft limit ends writing when its time of grace is over."""
    assert (limit.left(1000), limit.left_to_soft) == (left, to_soft)


def test_mount_of_a_device() -> None:
    """A file system is found by the numbers of its device; blanks are escaped."""
    found = find_mount(MOUNTINFO, os.makedev(8, 17))
    options = frozenset({"rw", "usrquota"})
    assert found == Mount("/srv/big disk", "xfs", "/dev/sdb1", options)
    lab = find_mount(MOUNTINFO, os.makedev(0, 51))
    assert lab is not None
    assert (lab.kind, lab.place, lab.source) == (
        "nfs4",
        "/net/lab",
        "store:/export/lab",
    )
    assert find_mount(MOUNTINFO, os.makedev(0, 60)) is None
    assert find_mount(MOUNTINFO, os.makedev(8, 1)) is None


def test_counted_only_is_not_enforced() -> None:
    """XFS mounted with ``uqnoenforce``, ext4 without options: limits without effect."""
    ext4 = frozenset({"rw", "quota", "usrquota", "grpjquota=aquota.group"})
    assert is_enforced(ext4, "user")
    assert is_enforced(ext4, "group")
    xfs = frozenset({"rw", "uqnoenforce", "grpquota"})
    assert not is_enforced(xfs, "user")
    assert is_enforced(xfs, "group")


def test_group_of_new_files(tmp_path: Path) -> None:
    """Files get the group of who writes, below a setgid folder the folder's."""
    plain = Mount("/", "ext4", "/dev/sda1", frozenset({"rw"}))
    bsd = Mount("/", "ext4", "/dev/sda1", frozenset({"rw", "grpid"}))
    values = list(tmp_path.stat())
    values[0], values[5] = stat.S_IFDIR | 0o775, 4242
    folder = os.stat_result(values)
    values[0] = stat.S_IFDIR | stat.S_ISGID | 0o775
    setgid = os.stat_result(values)
    assert group_of(folder, plain) == os.getegid()
    assert group_of(folder, bsd) == 4242
    assert group_of(setgid, plain) == 4242


QUOTA_OUTPUT = """\
Disk quotas for user #12345678 (uid 12345678): 
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
store:/export/lab    5500*   5000    6000 1796471404       1      10      20       0
Disk quotas for group #8765 (gid 8765): none
Disk quotas for group #8766 (gid 8766): 
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
store:/export/lab       7       0    9000       0      3*       2       0       9
Disk quotas for group #12345678 (gid 12345678): 
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
store:/export/lab       1       1       1       0       1       1       1       0
"""  # noqa: W291


def test_output_of_the_quota_command() -> None:
    """Blocks are 1024 bytes, stars mark what is passed, others' quotas are left out."""
    found = list(parse_quota(QUOTA_OUTPUT, {"user": 12345678, "group": 8766}))
    assert found == [
        Quota(
            owner="user 12345678",
            space=Limit(5500 * 1024, 5000 * 1024, 6000 * 1024, 1796471404),
            files=Limit(1, 10, 20, 0),
        ),
        Quota(
            owner="group 8766",
            space=Limit(7 * 1024, 0, 9000 * 1024, 0),
            files=Limit(3, 2, 0, 9),
        ),
    ]
    assert list(parse_quota("", {"user": 1, "group": 1})) == []


def on_nfs(monkeypatch: pytest.MonkeyPatch, programs: Path) -> None:
    """Let every folder lie on NFS, and programs be found in one folder."""
    mount = Mount("/net/my lab", "nfs4", "store:/export/lab", frozenset({"rw"}))
    monkeypatch.setattr(quotas, "find_mount", lambda *_: mount)
    monkeypatch.setenv("PATH", str(programs))


@pytest.mark.skipif(sys.platform != "linux", reason="quotas are asked on Linux")
def test_nfs_is_asked_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command names the mount point; passed quotas (exit code 1) are read too."""
    on_nfs(monkeypatch, tmp_path)
    uid = os.geteuid()
    (tmp_path / "quota").write_text(
        f"#!/bin/sh\necho \"$@\" > '{tmp_path}/asked'\n"
        f"echo 'Disk quotas for user x (uid {uid}): '\n"
        "echo 'store:/x 3 0 8 0 1 0 4 0'\nexit 1\n"
    )
    (tmp_path / "quota").chmod(0o755)
    (found,) = quotas_of(tmp_path)
    assert found.space == Limit(3 * 1024, 0, 8 * 1024, 0)
    assert (tmp_path / "asked").read_text().endswith("-f /net/my lab\n")


@pytest.mark.skipif(sys.platform != "linux", reason="quotas are asked on Linux")
def test_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command, one that fails or never ends, no mount, no device: no quota."""
    on_nfs(monkeypatch, tmp_path)
    assert quotas_of(tmp_path) == ()
    program = tmp_path / "quota"
    program.write_text("#!/bin/sh\necho 'quota: error' >&2\nexit 1\n")
    program.chmod(0o755)
    assert quotas_of(tmp_path) == ()
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr(quotas, "PATIENCE_S", 0.1)
    start = time.monotonic()
    assert quotas_of(tmp_path) == ()
    assert time.monotonic() - start < 10
    monkeypatch.setattr(quotas, "find_mount", lambda *_: None)
    assert quotas_of(tmp_path) == ()
    gone = Mount("/", "ext4", "/dev/not there", frozenset({"usrquota", "grpquota"}))
    monkeypatch.setattr(quotas, "find_mount", lambda *_: gone)
    assert quotas_of(tmp_path) == ()


def quota(**space: int) -> Quota:
    """Return a quota on bytes alone."""
    none = {"used": 0, "soft": 0, "hard": 0, "grace_end": 0}
    return Quota("user anna", Limit(**(none | space)), NO_LIMIT)


@pytest.fixture
def large_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Quota], None]:
    """Return a function that lays a quota on a disk that has room for all."""

    class Disk:
        f_bavail = 1000 * GB
        f_favail = f_files = 10**9
        f_frsize = 1

    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    return lambda found: monkeypatch.setattr(space, "quotas_of", lambda _: (found,))


def test_too_small_a_quota(tmp_path: Path, large_disk: Callable[[Quota], None]) -> None:
    """The message has what is left, what is needed, whose quota it is, and the cure."""
    large_disk(quota(used=11 * GB, hard=60 * GB))
    with pytest.raises(StoreError) as caught:
        check_space(plan(), State(tmp_path / "state"), str(tmp_path))
    assert str(caught.value) == (
        f"The quota of user anna at {tmp_path} has 49.0 GB free, but P1 needs 100.0 GB "
        "before compression, and hardly less than 50.0 after it. Remove files of user "
        "anna there, ask for a larger quota, choose another output, or set "
        "writing.check_space to false to try all the same."
    )
    few = Quota("group lab", NO_LIMIT, Limit(used=5, soft=0, hard=1004, grace_end=0))
    large_disk(few)
    with pytest.raises(
        StoreError, match=r"group lab at .* has room for 999 files, but"
    ):
        check_space(plan(), State(tmp_path / "state"), str(tmp_path))


def test_tight_quotas_are_findings(
    tmp_path: Path, large_disk: Callable[[Quota], None]
) -> None:
    """Room for half of the bytes may do; a soft limit on the way is told."""
    state = State(tmp_path / "state")
    large_disk(quota(used=GB, hard=61 * GB))
    (found,) = check_space(plan(), state, str(tmp_path))
    assert found.code == "little_space"
    assert found.message.startswith(f"The quota of user anna at {tmp_path} has 60.0 GB")
    large_disk(quota(used=GB, soft=31 * GB, hard=200 * GB))
    (found,) = check_space(plan(), state, str(tmp_path))
    assert "has 30.0 GB to its soft limit; P1 needs 100.0 GB" in found.message
    large_disk(quota(used=GB, soft=101 * GB, hard=200 * GB))
    assert check_space(plan(), state, str(tmp_path)) == ()


def needed(*command: str | Path) -> None:
    """Run a command of root's, or skip the test saying what it said."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"NOT TESTED: {command[0]} is missing (Debian: quota, e2fsprogs)")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"NOT TESTED: {done.stderr.strip().partition(chr(10))[0]}")


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Path]:
    """Return a small ext4 disk with quotas on; skips where it cannot be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root may mount a disk with quotas")
    image, place = tmp_path / "disk.img", tmp_path / "my disk"
    place.mkdir()
    with image.open("wb") as stream:
        stream.truncate(16 * 2**20)
    types = ("-O", "quota,project", "-E", "quotatype=usrquota:grpquota:prjquota")
    needed("mkfs.ext4", "-q", *types, str(image))
    needed("mount", "-o", "loop,usrquota,grpquota,prjquota", image, place)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_real_disk(limited: Path) -> None:
    """User and group of one who may not mount, limits by setquota, use by files."""
    limited.chmod(0o777)
    needed("setquota", "-u", "4321", "5000", "6000", "10", "20", limited)
    needed("setquota", "-g", "8765", "0", "7000", "0", "0", limited)
    needed("chattr", "-p", "17", "+P", limited)
    needed("setquota", "-P", "17", "0", "8000", "0", "0", limited)
    script = (
        "import os\n"
        "from pathlib import Path\n"
        "from tiles2zarr.steps.quotas import quotas_of\n"
        "from tiles2zarr.steps.space import _disk\n"
        "os.setgroups([]); os.setgid(8765); os.setuid(4321)\n"
        "place = Path('.')\n"
        "(place / 'file').write_bytes(b'x' * 1024 * 1000)\n"
        "os.sync()\n"
        "for quota in quotas_of(place): print(quota.owner, quota.space, quota.files)\n"
        "print(_disk(place).space)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=limited,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(quotas.__file__).parents[2])},
    )
    user, group, free = done.stdout.splitlines()
    byte_limit = Limit(1024000, 5120000, 6144000, 0)
    assert user == f"user 4321 {byte_limit} {Limit(1, 10, 20, 0)}"
    byte_limit = Limit(1024000, 0, 7168000, 0)
    assert group == f"group 8765 {byte_limit} {Limit(1, 0, 0, 0)}"
    # the project also counts its folder and lost+found
    assert 8192000 - 1024000 - 20 * 1024 <= int(free) < 8192000 - 1024000
