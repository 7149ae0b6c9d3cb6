#include <doctest/doctest.h>

#include "services/policy/results_filter.h"

using namespace hikyaku::policy;

namespace {

std::string filtered(std::string_view text, std::size_t chunk) {
  ResultsFilter filter("mx.here.example");
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += chunk) out += filter.pass(text.substr(at, chunk));
  out += filter.rest();
  return out;
}

}  // namespace

TEST_CASE("fields that claim to be ours go, and only they, however the text is cut") {
  const std::string ours = "Authentication-Results: mx.here.example;\r\n\tspf=pass smtp.mailfrom=bank.example\r\n";
  const std::string others = "authentication-results : mx.there.example; dkim=pass\r\n";
  const std::string strange = "Authentication-Results: (\r\n";
  const std::string rest = "Subject: x\r\n continued\r\nAuthentication-ResultsX: mx.here.example; none\r\n";
  const std::string body = "\r\nAuthentication-Results: mx.here.example; none\r\n";
  const std::string text = ours + others + rest + strange + "AUTHENTICATION-RESULTS: MX.here.example; none\r\n" + body;
  for (const std::size_t chunk : {1UZ, 2UZ, 3UZ, 7UZ, 50UZ, 10'000UZ}) CHECK(filtered(text, chunk) == others + rest + body);
  // The last field of a header without a body.
  CHECK(filtered("Subject: x\r\n" + ours, 5) == "Subject: x\r\n");
  CHECK(filtered("Subject: x\r\nAuthentication-Results: mx.here.example; none", 5) == "Subject: x\r\n");
  CHECK(filtered("Subject: x", 3) == "Subject: x");
}

TEST_CASE("a field of that name that has no end is not believed; other long lines pass as they are") {
  const std::string long_text(200'000, 'x');
  const std::string end = "Subject: y\r\n\r\nbody\r\n";
  for (const std::size_t chunk : {1'000UZ, 1'000'000UZ}) {
    CHECK(filtered("Authentication-Results: mx.there.example; " + long_text + "\r\n\tmore\r\n" + end, chunk) == end);
    CHECK(filtered("Authentication-Results: a.example;\r\n\t" + long_text + "\r\n" + end, chunk) == end);
    CHECK(filtered("X: " + long_text + "\r\n" + end, chunk) == "X: " + long_text + "\r\n" + end);
  }
}
