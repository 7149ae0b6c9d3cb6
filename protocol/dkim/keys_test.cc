#include "protocol/dkim/keys.h"

#include <doctest/doctest.h>

#include "base/base64.h"
#include "protocol/dkim/key_record.h"
#include "protocol/dkim/tag_list.h"

namespace hikyaku::dkim {
namespace {

TEST_CASE("keys that were made here are read back, and sign for each other") {
  Digest digest{};
  digest[0] = 7;
  for (const auto algorithm : {Algorithm::RsaSha256, Algorithm::Ed25519Sha256}) {
    const auto made = PrivateKey::generate(algorithm);
    const auto again = PrivateKey::read(made.pem());
    REQUIRE(again);
    CHECK(again->algorithm() == algorithm);
    const auto record = parse_key_record(key_record_text(algorithm, made.public_octets()));
    REQUIRE(record);
    const auto open = PublicKey::read(record->algorithm, record->key);
    REQUIRE(open);
    const auto signature = again->sign(digest);
    CHECK(open->verifies(digest, signature));
    auto other = digest;
    other[31] = 1;
    CHECK_FALSE(open->verifies(other, signature));
    CHECK_FALSE(open->verifies(digest, ""));
    CHECK_FALSE(open->verifies(digest, signature + "x"));
    CHECK_FALSE(open->verifies(digest, signature.substr(1)));
    for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
      auto changed = signature;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      CHECK_FALSE(open->verifies(digest, changed));
    }
    // Whatever octet of the key is missing or another, it is refused or verifies nothing.
    for (std::size_t at = 0; at < record->key.size(); ++at) {
      CHECK_FALSE(PublicKey::read(algorithm, std::string_view(record->key).substr(0, at)));
      auto changed = record->key;
      changed[at] = static_cast<char>(changed[at] ^ 0x41);
      const auto wrong = PublicKey::read(algorithm, changed);
      CHECK_FALSE((wrong && wrong->verifies(digest, signature)));
    }
    CHECK_FALSE(PublicKey::read(algorithm, record->key + "x"));
  }
}

TEST_CASE("keys that prove nothing are refused") {
  // 512 bits, of the ARC test suite
  const auto small = decode_folded_base64("MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAIWmlgix/84GJ+dfgjm7LTc9EPdfkftlgiPpCq4/kbDAZmU0VvYKDljjleJ1dfvS+CGy9U/kk1tG3EeEvb82xAcCAwEAAQ==");
  REQUIRE(small);
  CHECK(PublicKey::read(Algorithm::RsaSha256, *small).error() == "key too small (512 bits)");
  for (const char* text : {"", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "AAAA"}) CHECK_FALSE(PrivateKey::read(text));
}

TEST_CASE("tag lists") {
  for (const char* text : {"a=1", " a = 1 ; b = 2 ;", "a=", "a=x y", "a=1;\r\n\tb=2", "a_1=x=y==", "a=\xe3\x81\x82"}) CHECK_MESSAGE(TagList::parse(text), text);
  for (const char* text : {"", ";", "a", "a;", "=1", "1=1", "a=1;;b=2", "a=1;b", "a=1;a=2", "a b=1", "a=1\x01", "_=1", "a=1; ;"}) CHECK_FALSE_MESSAGE(TagList::parse(text), text);
  const auto list = TagList::parse("A=1; a= x y ; c=");
  REQUIRE(list);
  CHECK(list->find("a")->value == "x y");
  CHECK(list->find("a")->whole == " x y ");
  CHECK(list->find("c")->value == "");
  CHECK(list->find("C") == nullptr);
  std::string many;
  for (std::size_t n = 0; n <= most_tags; ++n) many += "t" + std::to_string(n) + "=1;";
  CHECK_FALSE(TagList::parse(many));
}

}  // namespace
}  // namespace hikyaku::dkim
