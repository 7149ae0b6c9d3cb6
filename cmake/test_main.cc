// main() of every unit test program. `PROGRAM -tc="*move*"` runs the test cases whose name matches.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
