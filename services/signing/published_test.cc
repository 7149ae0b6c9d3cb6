#include "services/signing/published.h"

#include <doctest/doctest.h>

#include "protocol/dkim/key_record.h"

namespace hikyaku::signing {
namespace {

TEST_CASE("what DNS says of a key") {
  directory::DkimKey key{.domain = "a.example", .selector = "s1", .algorithm = dkim::Algorithm::Ed25519Sha256, .public_octets = std::string(32, 'k')};
  const auto ours = record_text(key);
  CHECK(record_name(key) == "s1._domainkey.a.example");
  CHECK(ours.starts_with("v=DKIM1; k=ed25519; p="));
  using Records = std::vector<std::string>;
  CHECK(published(Records{}, key) == Published::Missing);
  CHECK(published(Records{ours}, key) == Published::Right);
  CHECK(published(Records{ours + "; t=y"}, key) == Published::Right);
  CHECK(published(Records{ours, ours}, key) == Published::Several);
  for (const auto& text : {std::string(), std::string("v=spf1 -all"), std::string("v=DKIM1; k=ed25519; p="), ours + "; h=sha1", ours + "; s=tlsrpt",
                           dkim::key_record_text(dkim::Algorithm::Ed25519Sha256, std::string(32, 'o')), dkim::key_record_text(dkim::Algorithm::RsaSha256, key.public_octets)})
    CHECK_MESSAGE(published(Records{text}, key) == Published::Wrong, text);
}

TEST_CASE("zone lines have strings of 255 octets at most, which join to the text") {
  CHECK(zone_line("a.example", "v=spf1 -all") == "a.example. IN TXT \"v=spf1 -all\"");
  CHECK(zone_line("a", "say \"x\\\"") == R"(a. IN TXT "say \"x\\\"")");
  CHECK(zone_line("a", std::string(255, 'x')).find('(') == std::string::npos);
  CHECK(zone_line("a", std::string(256, 'x')) == "a. IN TXT ( \"" + std::string(255, 'x') + "\" \"x\" )");
}

}  // namespace
}  // namespace hikyaku::signing
