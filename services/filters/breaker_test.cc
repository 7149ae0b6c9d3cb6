#include "services/filters/breaker.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using filters::Breaker;

TEST_CASE("one that fails in a row rests; then one message tries, and the others when it answered") {
  Breaker breaker;
  const Instant start{1h};
  for (unsigned i = 0; i < Breaker::failures_before_rest; ++i) {
    CHECK(breaker.may_ask(start, 10s));
    breaker.failed(start, 30s);
  }
  CHECK(breaker.rests(start + 29s));
  CHECK_FALSE(breaker.may_ask(start + 29s, 10s));
  CHECK(breaker.may_ask(start + 30s, 10s));
  CHECK_FALSE(breaker.may_ask(start + 31s, 10s));  // one tries
  CHECK(breaker.may_ask(start + 40s, 10s));        // who never said how it went
  breaker.failed(start + 41s, 30s);
  CHECK_FALSE(breaker.may_ask(start + 70s, 10s));
  CHECK(breaker.may_ask(start + 71s, 10s));
  breaker.succeeded();
  CHECK(breaker.may_ask(start + 71s, 10s));
  breaker.failed(start + 72s, 30s);
  CHECK(breaker.may_ask(start + 72s, 10s));  // one failure is none in a row
}
