#include "protocol/authres/authres.h"

#include <doctest/doctest.h>

namespace hikyaku::authres {
namespace {

TEST_CASE("what is written is read back, whatever strangers put into it") {
  const AuthenticationResults rows[] = {
      {"mx.example", {}},
      {"mx.example", {{"spf", "pass", "", "", {{"smtp", "mailfrom", "user@a.example"}}}}},
      {"mx example;", {{"dkim", "fail", "", "body hash did not verify", {{"header", "d", "a.example"}, {"header", "b", "ab/+=="}, {"header", "i", "@a.example"}}}}},
      {"mx.example", {{"auth", "pass", "", "", {{"smtp", "auth", "a \"b\\ (c); d"}}}, {"iprev", "temperror", "", "", {{"policy", "iprev", "2001:db8::1"}}}}},
      {"mx.example", {{"spf", "fail", "", "quo\"ted", {{"smtp", "mailfrom", "a b@a.example"}, {"smtp", "helo", "[192.0.2.7]"}, {"smtp", "mailfrom", "a@b@c"}}}}},
  };
  for (const auto& row : rows) {
    const auto text = field_text(row);
    REQUIRE(text.starts_with("Authentication-Results: "));
    const auto again = parse(std::string_view(text).substr(24, text.size() - 26));
    REQUIRE_MESSAGE(again, text);
    CHECK_MESSAGE(*again == row, text);
  }
  CHECK(field_text({"mx.example", {{"spf", "pass", "", "", {{"smtp", "helo", "a\r\nX-Evil: 1"}}}}}) == "Authentication-Results: mx.example;\r\n\tspf=pass smtp.helo=\"a??X-Evil: 1\"\r\n");
  CHECK(field_text({"mx.example", {{"dkim", "pass", "2048-bit) key", "", {}}}}) == "Authentication-Results: mx.example;\r\n\tdkim=pass (2048-bit\\) key)\r\n");
  CHECK(field_text({"mx.example", {}}) == "Authentication-Results: mx.example; none\r\n");
}

TEST_CASE("fields as they are in the wild (RFC 8601 appendix B, and large providers)") {
  const auto good = parse(" example.com 1;\r\n\tspf = pass (a (nested) comment; with things) smtp.mailfrom=example.net;\r\n dkim/1=fail reason=\"bad \\\"x\\\"\" header.i=@a.example header.b=a+/b=");
  REQUIRE(good);
  CHECK(good->authserv_id == "example.com");
  REQUIRE(good->results.size() == 2);
  CHECK(good->results[0] == MethodResult{"spf", "pass", "", "", {{"smtp", "mailfrom", "example.net"}}});
  CHECK(good->results[1] == MethodResult{"dkim", "fail", "", "bad \"x\"", {{"header", "i", "@a.example"}, {"header", "b", "a+/b="}}});
  CHECK(parse("example.org; none")->results.empty());
  CHECK(parse("(who?) example.org (it)")->results.empty());
  CHECK(parse("foo.example.net (foobar) 1 (baz);\r\n  dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n  policy (A dot can go here) . (like that) expired\r\n"
              "  (this surprised me) = (as I wasn't expecting it) 1362471462")
            ->results.at(0)
            .properties.at(0) == Property{"policy", "expired", "1362471462"});
  CHECK(parse("mx.example; dmarc=none action=none header.from=a.example;")->results.at(0).properties.size() == 2);
  for (const char* bad : {"", ";", "; spf=pass", "mx.example spf=pass", "mx.example; spf", "mx.example; spf=", "mx.example; =pass", "mx.example; spf=pass smtp.", "mx.example; spf=pass smtp.helo", "mx.example; spf=pass smtp.helo=",
                          "mx.example; spf=pass (open", "(open", "\"open", "mx.example; spf=pass reason=\"open", "mx.example; none; spf=pass", "mx.example;; spf=pass", "mx.example; spf/x=pass", "mx.example;"})
    CHECK_FALSE_MESSAGE(parse(bad), bad);
  std::string many = "mx.example";
  for (std::size_t n = 0; n <= most_results; ++n) many += "; x=y";
  CHECK_FALSE(parse(many));
}

TEST_CASE("fields that claim to be ours are found, in whatever dress") {
  const std::string header =
      "Received: x\r\nAuthentication-Results: mx.example; spf=pass\r\nauthentication-results :\r\n (c) \"MX.example\" 1;\r\n\tspf=pass\r\nAuthentication-Results: other.example; spf=pass\r\n"
      "Authentication-Results: mx.example.evil.example; none\r\nAuthentication-Results: (\r\nX-Authentication-Results: mx.example; none\r\nAuthentication-Results:mx.example\r\n\r\nAuthentication-Results: mx.example; body\r\n";
  std::string left;
  std::uint64_t at = 0;
  const auto places = forged_fields(header, "mx.example");
  for (const auto& place : places) left += header.substr(at, place.begin - at), at = place.end;
  left += header.substr(at);
  CHECK(places.size() == 4);
  CHECK(left == "Received: x\r\nAuthentication-Results: other.example; spf=pass\r\nAuthentication-Results: mx.example.evil.example; none\r\nX-Authentication-Results: mx.example; none\r\n\r\n"
                "Authentication-Results: mx.example; body\r\n");
}

TEST_CASE("the payload stays as it was written") {
  const auto payload = read_payload(" lists.example.org; arc=none;\r\n  spf=pass smtp.mfrom=jqd@d1.example; dkim=pass (1024-bit key) ;");
  REQUIRE(payload);
  CHECK(payload->authserv_id == "lists.example.org");
  CHECK(payload->results == "arc=none;\r\n  spf=pass smtp.mfrom=jqd@d1.example; dkim=pass (1024-bit key)");
  CHECK(read_payload("a.example; none")->results.empty());
  CHECK_FALSE(read_payload("; spf=pass"));
}

}  // namespace
}  // namespace hikyaku::authres
