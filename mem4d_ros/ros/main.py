"""The `mem4d_node` executable."""

import os
import sys


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; the exit status is 1 if it cannot start or breaks."""
    # OpenMP's threads wait for each other by spinning, which on busy cores costs many times what
    # it saves: let them sleep. OpenMP reads this when torch is imported, so that comes after.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mem4d_ros.ros.process import run

    return run(args)


if __name__ == "__main__":
    sys.exit(main())
