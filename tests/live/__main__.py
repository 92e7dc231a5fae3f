"""Runs all live tests, or those whose name contains a given word: `python3 tests/live [WORD]...`."""

import sys
import unittest
from pathlib import Path


def main():
    """Prints every test as it goes, and the count at the end."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{word}*" for word in sys.argv[1:]] or None
    suite = loader.discover(str(Path(__file__).parent))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    sys.exit(0 if failed == 0 and result.testsRun else 1)


main()
