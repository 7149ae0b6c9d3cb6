#include "services/escrow/sealed_text.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::escrow;

namespace {

quarantine::Source in_pieces(std::string text, std::size_t piece) {
  return [text = std::move(text), piece](const quarantine::To& to) -> spool::SpoolResult<> {
    for (std::size_t at = 0; at < text.size(); at += piece) TRY_VOID(to(std::string_view(text).substr(at, piece)));
    return {};
  };
}

std::string seal(const std::string& text, const std::string& key, std::size_t piece = 10'000, std::string about = "B1") {
  std::string out;
  REQUIRE(sealed(in_pieces(text, piece), key, std::move(about))([&](std::string_view octets) -> spool::SpoolResult<> { return out += octets, spool::SpoolResult<>{}; }));
  return out;
}

std::optional<std::string> open(std::string_view sealed_text, const std::string& secret, std::size_t piece = 30'000, std::string about = "B1") {
  std::string out;
  Unsealing opening(secret, std::move(about), [&](std::string_view octets) -> spool::SpoolResult<> { return out += octets, spool::SpoolResult<>{}; });
  for (std::size_t at = 0; at < sealed_text.size(); at += piece)
    if (!opening.take(sealed_text.substr(at, piece))) return std::nullopt;
  return opening.end() ? std::optional(out) : std::nullopt;
}

std::string text_of(std::size_t octets) {
  std::string text(octets, 'x');
  for (std::size_t i = 0; i < octets; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

}  // namespace

TEST_CASE("sealed text: it opens with the secret key alone, at every size") {
  const auto keys = make_keys(), others = make_keys();
  CHECK(public_key_of(keys.secret) == keys.open);
  for (const std::size_t octets : {0UZ, 1UZ, 100UZ, 65'535UZ, 65'536UZ, 65'537UZ, 131'072UZ, 200'000UZ}) {
    const auto text = text_of(octets);
    const auto made = seal(text, keys.open);
    CHECK(made.size() == sealed_octets(octets));
    CHECK(open(made, keys.secret) == text);
    CHECK(open(made, keys.secret, 1 << 20) == text);
    CHECK_FALSE(open(made, others.secret));
    CHECK_FALSE(open(made, keys.open));  // what the receiving side knows
  }
  CHECK(seal("the same", keys.open) != seal("the same", keys.open));
  CHECK(open(seal(text_of(500), keys.open, 1), keys.secret, 1) == text_of(500));
}

TEST_CASE("sealed text: nothing of it stands in clear") {
  const auto keys = make_keys();
  CHECK(seal("Subject: the secret of the shop\r\n", keys.open).find("secret of the shop") == std::string::npos);
}

TEST_CASE("sealed text: changed, shortened, lengthened or in another's place it does not open") {
  const auto keys = make_keys();
  const auto made = seal(text_of(150'000), keys.open);
  for (const std::size_t at : {0UZ, 9UZ, 60UZ, 95UZ, 120UZ, 65'700UZ, made.size() - 1}) {
    auto changed = made;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(open(changed, keys.secret));
  }
  for (const std::size_t octets : {0UZ, 5UZ, 111UZ, 112UZ, 113UZ, 112UZ + 65'536 + 17, made.size() - 1}) CHECK_FALSE(open(made.substr(0, octets), keys.secret));
  CHECK_FALSE(open(made + "x", keys.secret));
  CHECK_FALSE(open(made, keys.secret, 1'000, "B2"));
  CHECK_FALSE(open(made, ""));
}

TEST_CASE("sealed text: a text that cannot be read, a place that is full, a key that is none") {
  const auto keys = make_keys();
  const quarantine::To nowhere = [](std::string_view) -> spool::SpoolResult<> { return {}; };
  const quarantine::Source broken = [](const quarantine::To&) -> spool::SpoolResult<> { return failure(spool::SpoolError{spool::SpoolFailure::Broken, "unread"}); };
  CHECK(sealed(broken, keys.open, "")(nowhere).error().what == "unread");
  const quarantine::To full = [](std::string_view) -> spool::SpoolResult<> { return failure(spool::SpoolError{spool::SpoolFailure::NoSpace, "full"}); };
  CHECK(sealed(in_pieces("x", 1), keys.open, "")(full).error().kind == spool::SpoolFailure::NoSpace);
  CHECK_FALSE(sealed(in_pieces("x", 1), "short", "")(nowhere));
}
